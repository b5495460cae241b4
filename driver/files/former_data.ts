/** The data files of a model that is about to be replaced: where the new one has none of that name, nobody needs them any more. */

import { existsSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Backend } from '../../backends/backend.ts';
import { Refusal } from '../../spec/diagnostic.ts';
import type { Reporter } from '../reporter.ts';

/** Data of other names may belong to others, too. */
export function formerData({ file }: Backend, model: string): readonly string[] {
  if (!file?.beside || !existsSync(model)) return [];
  try {
    return file.beside(model).filter((path) => basename(path).startsWith(`${basename(model)}_data`));
  } catch (cause) {
    if (cause instanceof Refusal) return []; // what is no whole model keeps what lies beside it
    throw cause;
  }
}

/** `needed` are files that were written, and those that they were made of. */
export function removeFormer(io: Reporter, former: readonly string[], needed: readonly string[]): void {
  const kept = new Set(needed.filter((path) => existsSync(path)).map((path) => realpathSync(path)));
  const unused = former.filter((path) => existsSync(path) && !kept.has(realpathSync(path)) && !isLast(path));
  for (const path of unused) rmSync(path);
  if (unused.length > 0) io.note(`removed ${unused.join(', ')}, the data of the model that was replaced`);
}

/**
 * Whether a checkpoint may have no other name any more: weights that were linked are the user's own, and a clone of them cannot be
 * told from those.
 */
const isLast = (path: string): boolean => !/_data(?:_\d+)?$/.test(path) && statSync(path).nlink === 1;
