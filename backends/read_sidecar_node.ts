/** Finds the manifest that lies beside a model, and refuses one that belongs to another. */

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readSmall } from '../compiler/checkpoint/file_node.ts';
import { refuse } from '../compiler/checkpoint/refuse.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import { manifestHash } from './manifest_hash.ts';
import { type Beside, besideIn, sidecarNames } from './sidecar.ts';

/** A manifest with the text of a spec; a folder has several at most. */
const limit = 64 * 2 ** 20;

/** What a model says that lies beside it. */
export interface Promised {
  /** Of the manifest. */
  readonly hash: string;
  /** Of what the model is, as it is now. */
  readonly graph: string;
}

/** Refuses (N704) without one, and one whose hashes are others. */
export function readSidecar(model: string, { hash, graph }: Promised): Manifest {
  const name = basename(model);
  const files = sidecarNames(name).map((own) => join(dirname(model), own));
  const found = files.filter((file) => existsSync(file)).map((file) => [file, inFile(file, name)] as const);
  const [file, beside] = found.find(([, one]) => one !== undefined) ?? [];
  if (!file || !beside) {
    refuse('N704', `${name} keeps its manifest beside it, and it is not there`, {
      file: model,
      expected: files.map((one) => basename(one)).join(' or '),
      found: found.length > 0 ? `${basename(found[0]![0])}, which says nothing of ${name}` : 'neither',
      hint: 'copy it with the model; nanoc compile --metadata full keeps it inside',
    });
  }
  const said = manifestHash(beside.manifest);
  const hint = `${basename(file)} and ${name} belong together: copy both, or compile again`;
  if (said !== hash) {
    const [expected, other] = [`a manifest of sha256 ${hash.slice(0, 16)}...`, `${said.slice(0, 16)}...`];
    refuse('N704', `${basename(file)} was not written with ${name}`, { file, expected, found: other, hint });
  }
  if (beside.graph !== graph) {
    refuse('N704', `${name} was changed after it was written with ${basename(file)}`, {
      file: model,
      expected: `a graph of sha256 ${beside.graph.slice(0, 16)}...`,
      found: `${graph.slice(0, 16)}...`,
      hint,
    });
  }
  return beside.manifest;
}

const inFile = (file: string, model: string): Beside | undefined => besideIn(readSmall(file, limit), model);
