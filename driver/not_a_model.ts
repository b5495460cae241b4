/** Refuses what was given for a compiled model and is none, with what it is and what to type instead. */

import { existsSync, statSync } from 'node:fs';
import { error, Refusal } from '../spec/diagnostic.ts';
import { kindOf, startOf } from './file_kind.ts';
import { extensionsText, openable, usualTarget } from './registry.ts';
import { families, isShipped } from './shipped.ts';
import { holdsCheckpoint } from './specs/spec_file.ts';

/** Throws a Refusal (N704). A file that may be a damaged model is left to its reader. */
export function refuseOther(path: string): void {
  if (!existsSync(path)) {
    if (isShipped(path) || Object.hasOwn(families, path))
      throw notModel(path, 'is the name of a spec', compileFirst(path));
    return;
  }
  const seen = statSync(path);
  if (!seen.isFile()) return;
  if (seen.size === 0) throw notModel(path, 'is empty');
  const { what, weights, mend } = kindOf(path, begin(path)) ?? { what: 'a text' };
  if (what === 'a compiled model' || (weights && sharesExtension(path))) return;
  const first = path.endsWith('.nanospec') ? path : weights && `--checkpoint ${path}`;
  throw notModel(path, `is ${what}, not a compiled model`, mend ?? (first && compileFirst(first)));
}

/** Whether checkpoints have the extension of a target's files, too. */
const sharesExtension = (path: string): boolean =>
  openable().some(({ extension, file }) => file.sharesExtension && path.endsWith(extension));

/** The refusal for a folder without a model. */
export const noModel = (folder: string, expected: string): Refusal =>
  new Refusal([
    error('N704', 'no model in this folder', {
      ...{ file: folder, expected },
      hint: holdsCheckpoint(folder) ? compileFirst(`--checkpoint ${folder}`) : 'name the model itself',
    }),
  ]);

const compileFirst = (what: string): string =>
  `compile it first: nanoc compile ${what} -o model${usualTarget().extension}`;

export const notModel = (
  path: string,
  problem: string,
  hint = `name a ${extensionsText()} file that nanoc wrote`,
): Refusal => new Refusal([error('N704', `${path} ${problem}`, { file: path, hint })]);

const headBytes = 65_536;

function begin(path: string): Buffer {
  try {
    return startOf(path, headBytes);
  } catch (cause) {
    throw notModel(path, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
