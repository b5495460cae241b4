/** The manifest beside a model whose own metadata holds its hash only, so that programs that send metadata send no spec. */

import type { Manifest } from '../compiler/ports/manifest.ts';
import type { ArtifactFile } from './backend.ts';
import { parseManifest } from './parse_manifest.ts';

/** Beside the model of a layout, for all models of its folder. */
export const sidecarName = 'nanoc.json';

/** `m.nanoc.json` beside `m.onnx`, and what a layout has. */
export const sidecarNames = (model: string): readonly string[] => [
  `${model.replace(/\.[^.]*$/, '')}.${sidecarName}`,
  sidecarName,
];

/** What the hash of a manifest is taken of: JSON as a reader has it that has parsed it. */
export const hashedText = (manifest: Manifest): string =>
  JSON.stringify(JSON.parse(JSON.stringify(manifest)));

export interface Beside {
  /** sha256 over the operators, the boundary, and names, types and shapes of the weights. */
  readonly graph: string;
  readonly manifest: Manifest;
}

/** `before` is what such a file says of other models of the folder. */
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

/** Undefined where the text says nothing of that model, or nothing that nanoc wrote. */
export function besideIn(text: string, model: string): Beside | undefined {
  const found = modelsIn(text)[model];
  if (typeof found !== 'object' || found === null) return undefined;
  const { graph_sha256: graph, manifest: inner } = found as Readonly<Record<string, unknown>>; // an object, as just seen
  const manifest = parseManifest(JSON.stringify(inner));
  return typeof graph === 'string' && manifest ? { graph, manifest } : undefined;
}

function modelsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const { models } = JSON.parse(text) as { readonly models?: unknown };
    return typeof models === 'object' && models !== null ? (models as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {}; // not JSON, or null
  }
}
