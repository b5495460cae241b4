/** Finds the manifest that lies beside a model, and refuses one that belongs to another. */

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readSmall } from '../compiler/checkpoint/file_node.ts';
import { refuse } from '../compiler/checkpoint/refuse.ts';
import { manifestHash } from './manifest_hash.ts';
import { besideIn, type FoundBeside, sidecarNames } from './sidecar.ts';

/** Bytes of a sidecar: it holds a manifest, with the text of a spec, for each model of its folder. */
const sidecarLimit = 64 * 2 ** 20;

/** Hashes in a model's metadata that its sidecar must match. */
export interface SidecarHashes {
  /** Hash of the manifest. */
  readonly hash: string;
  /** Hash of the graph as it is in the model now. */
  readonly graph: string;
}

/** Refuses (N704) a model without a sidecar, and one whose hashes differ. */
export function readSidecar(model: string, { hash, graph }: SidecarHashes): FoundBeside {
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
  const said = manifestHash(beside.stored);
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
  return beside;
}

const inFile = (file: string, model: string): FoundBeside | undefined =>
  besideIn(readSmall(file, sidecarLimit), model);
