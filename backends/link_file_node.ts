/** Gives a file a second name beside a model, without copying what is in it. */

import { constants, copyFileSync, linkSync, realpathSync, rmSync, statSync } from 'node:fs';
import { error, Refusal } from '../spec/diagnostic.ts';
import type { ArtifactLink } from './backend.ts';

/** How it was done: a clone is a file of its own that shares its blocks until one of the two is written to; a link is the same file. */
export type LinkKind = 'clone' | 'link';

/** Refuses (N505) what the file system cannot do, and (N623) a file that is no longer what it was. */
export function linkFile({ of, stamp }: ArtifactLink, to: string): LinkKind {
  try {
    const real = realpathSync(of); // a link to a link would be one
    const { size, mtimeMs } = statSync(real);
    if (stamp && (stamp.size !== size || stamp.modified !== mtimeMs))
      throw new Refusal([error('N623', `${of} was changed while it was read`, { file: of })]);
    if (clone(real, to)) return 'clone';
    linkSync(real, to);
    return 'link';
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    const found = cause instanceof Error ? cause.message.replace(/, \w+( '.*)?$/, '') : String(cause);
    const hint = 'put the model on the file system of the checkpoint with -o, or leave out --external link';
    throw new Refusal([error('N505', `${of} cannot be linked to`, { file: to, found, hint })]);
  }
}

function clone(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return true;
  } catch {
    rmSync(to, { force: true });
    return false;
  }
}
