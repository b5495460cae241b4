/** The manifest in a file beside a model that holds only its hash, so that programs which send metadata home send no spec. */

import type { Manifest } from '../compiler/ports/manifest.ts';
import type { ArtifactFile } from './backend.ts';
import { manifestFrom } from './parse_manifest.ts';

/** The file in a folder of a layout, for all models in it. */
export const sidecarName = 'nanoc.json';

/** The names to look for: `m.nanoc.json` beside `m.onnx`, and that of a layout. */
export const sidecarNames = (model: string): readonly string[] => [
  `${model.replace(/\.[^.]*$/, '')}.${sidecarName}`,
  sidecarName,
];

/** The text that the hash of a manifest is computed from: JSON after one round of parsing, so that a reader gets the same. */
export const hashedText = (stored: unknown): string => JSON.stringify(JSON.parse(JSON.stringify(stored)));

export interface Beside {
  /** sha256 over the operators, the boundary, and names, types and shapes of the weights. */
  readonly graph: string;
  readonly manifest: Manifest;
}

/** As a file has it. */
export interface FoundBeside extends Beside {
  /** The manifest as it was written, perhaps by an older nanoc: what its hash is of. */
  readonly stored: unknown;
}

/** `before` is the text of the file that is there already, whose entries for other models are kept. */
export function sidecarFile(
  name: string,
  model: string,
  { graph, manifest }: Beside,
  before: string | undefined,
): ArtifactFile {
  const others = Object.entries(modelsIn(before ?? '')).filter(([other]) => other !== model);
  const models = Object.fromEntries([...others, [model, { graph_sha256: graph, manifest }]].sort());
  const bytes = new TextEncoder().encode(`${JSON.stringify({ models }, null, 2)}\n`);
  return { name, size: bytes.length, chunks: () => [bytes] };
}

/** The entry of a model; undefined where there is none, or none that nanoc wrote. */
export function besideIn(text: string, model: string): FoundBeside | undefined {
  const found = modelsIn(text)[model];
  if (typeof found !== 'object' || found === null) return undefined;
  const { graph_sha256: graph, manifest: stored } = found as Readonly<Record<string, unknown>>; // an object, as just seen
  const manifest = manifestFrom(stored, model);
  return typeof graph === 'string' && manifest ? { graph, manifest, stored } : undefined;
}

function modelsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const { models } = JSON.parse(text) as { readonly models?: unknown };
    return typeof models === 'object' && models !== null ? (models as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {}; // not JSON, or null
  }
}
