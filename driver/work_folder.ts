/** A folder for temporary files; folders of killed runs are removed when the next one is made. */

import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshMark, removeEmpty, sweep, sweepFolders } from '../backends/leftovers_node.ts';
import { error, Refusal } from '../spec/diagnostic.ts';

/** How the names of these folders begin, by which whoever ends a process finds what it has left. */
export const workPrefix = 'nanoc-work';

export interface WorkFolder {
  readonly folder: string;
  /** Removes the folder; this also happens when the process ends. */
  readonly remove: () => void;
}

/** Refuses (N505) where no folder can be made. */
export function workFolder(): WorkFolder {
  sweepFolders(tmpdir(), workPrefix);
  const folder = join(tmpdir(), `${workPrefix}.${freshMark()}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal([
      error('N505', `folder ${folder} cannot be made`, {
        file: folder,
        found,
        hint: 'TMPDIR names another place',
      }),
    ]);
  }
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clear);
  const remove = (): void => {
    process.off('exit', clear);
    clear();
  };
  return { folder, remove };
}

/** Removes what a process has left that was ended before it could: unfinished files, folders that were made for them, and its work folders. */
export function tidyAfter(pid: number, files: readonly string[], folders: readonly string[]): void {
  sweep(files, [pid]);
  removeEmpty(folders);
  sweepFolders(tmpdir(), workPrefix, [pid]);
}
