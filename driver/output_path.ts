/** Where a compiled model goes: a file, or a name of its own inside a folder; nothing that exists is overwritten unasked. */

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Artifact, Backend } from '../backends/backend.ts';
import type { Swept } from '../backends/leftovers_node.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { bytes } from './byte_count.ts';
import { isFile, isFolder } from './on_disk.ts';
import type { Reporter } from './reporter.ts';
import { usage } from './usage.ts';

export interface OutputPath {
  readonly folder: string;
  readonly file: string;
}

/** `-o` absent: `<model>.onnx` here. Several targets need a folder, or no `-o`. */
export function outputPath(
  out: string | undefined,
  model: string,
  { extension }: Backend,
  targets: number,
): OutputPath {
  const own = `${model}${extension}`;
  if (out === undefined) return { folder: '.', file: own };
  if (namesFolder(out)) return { folder: out, file: own };
  if (targets > 1) {
    throw usage(`-o ${out} names one file, and there are ${targets} targets`, `a folder: -o ${out}/`);
  }
  const folder = dirname(out);
  // One folder is made, as in `-o out/model.onnx`; more than one that is not there is a slip of the pen.
  if (!existsSync(folder) && !existsSync(dirname(folder))) {
    const hint = `make it first; a folder that ends in / is made: -o ${folder}/`;
    throw new Refusal([error('N505', `there is no folder ${folder}`, { file: out, hint })]);
  }
  // A rename would put a file in the place of a device or a pipe.
  if (existsSync(out) && !isFile(out)) {
    throw new Refusal([error('N505', `${out} is no regular file`, { file: out, hint: 'name a file' })]);
  }
  return { folder, file: basename(out) };
}

/** The folder of a layout, named after the model when `-o` is absent. */
export function outputFolder(out: string | undefined, model: string): string {
  const folder = out ?? model;
  if (existsSync(folder) && !isFolder(folder)) {
    const hint = 'a layout is a folder: name another one with -o';
    throw new Refusal([error('N505', `${folder} is no folder`, { file: folder, hint })]);
  }
  return folder;
}

/** Refuses standard output: several files are written together, whole or not at all. */
export function refuseStdout(out: string | undefined, option = '-o'): void {
  if (out === '-')
    throw usage(
      `${option} - would be standard output, which takes no files`,
      `name a file; ${option} ./- is one called -`,
    );
}

const namesFolder = (path: string): boolean => path.endsWith('/') || path.endsWith('\\') || isFolder(path);

/** Notes what killed runs had left beside the output. */
export const noteSwept =
  (io: Reporter) =>
  ({ removed, left }: Swept): void => {
    if (removed.length > 0) io.note(`removed what an interrupted run had left: ${removed.join(', ')}`);
    if (left.length > 0)
      io.note(`another run may be writing this, or has left it elsewhere: ${left.join(', ')}`);
  };

/** Bytes of random weights that are written only where someone says where to. */
const mostUnnamed = 1e9;

/** Refuses (N510) a large model that is likely unmeant: without a checkpoint a spec has the sizes of its example, and goes to the folder one is in. */
export function refuseUnnamed(out: string | undefined, path: string, size: number): void {
  if (out !== undefined || size <= mostUnnamed) return;
  throw usage(
    `${path} would hold ${bytes(size)} of random weights, as there is no checkpoint`,
    'name one with --checkpoint, or make the model smaller with --set; if it is meant, say where it goes with -o',
  );
}

export function refuseOverwrite(artifact: Artifact, folder: string): void {
  const there = [...(artifact.links ?? []), ...artifact.files]
    .map((f) => join(folder, f.name))
    .filter((path) => existsSync(path));
  if (there.length === 0) return;
  throw new Refusal([
    error('N504', `${there.join(' and ')} ${there.length > 1 ? 'exist' : 'exists'}`, {
      file: there[0]!,
      hint: 'add --force to overwrite, or name another file with -o',
    }),
  ]);
}
