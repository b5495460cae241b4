/** Names of temporary files and folders, from which later runs can tell whether the process that made them still runs. */

import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';

/** A process number is unique on one machine, or within one container: this says which. */
function placeOfProcess(): string {
  let space = '';
  try {
    space = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: one count for the machine.
  }
  return createHash('sha256').update(`${hostname()} ${space}`).digest('hex').slice(0, 8);
}

/** `4711.5be1a0c2.94d0f1aa`: the process, where it runs, and a number of its own. */
export const freshMark = (pid = process.pid): string =>
  `${pid}.${placeOfProcess()}.${randomBytes(4).toString('hex')}`;

const marked = /^(.*?)\.(?:(\d+)\.([0-9a-f]{8})\.)?[0-9a-f]{8}(?:\.(partial|replaced))?$/;

interface Leftover {
  readonly path: string;
  /** Name of the file that it was to become, or that it replaced. */
  readonly name: string;
  readonly kind: 'partial' | 'replaced' | 'folder';
  /** Whether the process that made it has ended; false where that is unknown. */
  readonly dead: boolean;
}

/** What runs have left in a folder that is about to be written to; `gone` are processes known to have ended. */
function leftoversIn(folder: string, gone: readonly number[]): readonly Leftover[] {
  return entriesOf(folder).flatMap((entry): readonly Leftover[] => {
    const [, name, pid, place, kind = 'folder'] = marked.exec(entry) ?? [];
    if (name === undefined) return [];
    const here = pid !== undefined && place === placeOfProcess();
    const dead = here && (gone.includes(Number(pid)) || !isAlive(Number(pid)));
    return [{ path: join(folder, entry), name, kind: kind as Leftover['kind'], dead }]; // by the pattern
  });
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // writing there will say why
  }
}

/** A process of another user is alive too, though it refuses the signal. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (cause) {
    return !(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH');
  }
}

/** In a container nobody may ask how a process ended, and its number stays taken. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // not Linux
  }
}

export interface Swept {
  /** What killed runs had left. */
  readonly removed: readonly string[];
  /** What belongs to runs that may still be writing, on this machine or another. */
  readonly left: readonly string[];
}

/** Removes what killed runs left of `paths`; an old file that such a run had moved away goes back to its place. */
export function sweep(paths: readonly string[], gone: readonly number[] = []): Swept {
  const removed: string[] = [];
  const left: string[] = [];
  const folders = new Set(paths.map((path) => join(path, '..')));
  for (const folder of folders) {
    const names = paths.filter((path) => join(path, '..') === folder).map((path) => basename(path));
    for (const { path, name, kind, dead } of leftoversIn(folder, gone)) {
      if (!names.includes(name) || kind === 'folder') continue;
      if (!dead) left.push(path);
      else if (kind === 'replaced' && !entriesOf(folder).includes(name)) renameSync(path, join(folder, name));
      else {
        rmSync(path, { force: true });
        removed.push(path);
      }
    }
  }
  return { removed, left };
}

/** Removes folders `PREFIX.MARK` of processes that have ended. */
export function sweepFolders(folder: string, prefix: string, gone: readonly number[] = []): void {
  for (const { path, name, kind, dead } of leftoversIn(folder, gone))
    if (kind === 'folder' && name === prefix && dead) removeFolder(path);
}

/** Removes folders that were made, outer ones first in the list, as far as they are empty; what others have put there stays. */
export function removeEmpty(folders: readonly string[]): void {
  for (const folder of [...folders].reverse()) {
    try {
      rmdirSync(folder);
    } catch {
      // It was not made after all, or is in use.
    }
  }
}

/** In a folder that all users share it may belong to another user, and then stays. */
function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It is theirs to remove.
  }
}
