/** The data files of a model that is about to be replaced: where the new one has none of that name, nobody needs them any more. */

import { existsSync, rmSync } from 'node:fs';
import { basename, resolve } from 'node:path';
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
  const kept = new Set(needed.map((path) => resolve(path)));
  const unused = former.filter((path) => !kept.has(resolve(path)));
  for (const path of unused) rmSync(path, { force: true });
  if (unused.length > 0) io.note(`removed ${unused.join(', ')}, the data of the model that was replaced`);
}
