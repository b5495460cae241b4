/** Random access to one regular file; a pipe, a device or a folder is refused before it is opened. */

import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { basename } from 'node:path';
import { type OpenFile, readAt, type Stamp } from './open_file.ts';
import { refuse } from './refuse.ts';

interface Descriptor {
  readonly path: string;
  readonly fd: number;
}

const stampOf = ({ size, mtimeMs }: Stats): Stamp => ({ size, modified: mtimeMs });

/** Opens, gives the file to `use`, closes. */
export function withFile<R>(path: string, use: (file: OpenFile) => R): R {
  const file = openFile(path);
  try {
    return use(file);
  } finally {
    file.close();
  }
}

export function openFile(path: string): OpenFile {
  const seen = stat(path);
  if (!seen.isFile())
    refuse('N602', `${basename(path)} is ${fileKind(seen)}, not a regular file`, { file: path });
  // Between the look and the opening the file may have become a pipe, which would block.
  const fd = withRefusal(path, () => openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  const now = fstatSync(fd);
  if (!now.isFile()) {
    closeSync(fd);
    refuse('N602', `${basename(path)} is ${fileKind(now)}, not a regular file`, { file: path });
  }
  return {
    ...{ path, fd, size: now.size, stamp: stampOf(now) },
    readInto: (offset, into) => readInto({ path, fd }, offset, into),
    checkStamp: (stamp) => checkStamp({ path, fd }, stamp),
    close: () => closeSync(fd),
    reopen: () => openFile(path),
  };
}

/** Fills `into` from an absolute offset; a file that ends before is refused. */
export function readInto(file: Descriptor, offset: number, into: Uint8Array): void {
  let done = 0;
  while (done < into.length) {
    const count = withRefusal(file.path, () =>
      readSync(file.fd, into, done, into.length - done, offset + done),
    );
    if (count === 0) {
      refuse('N623', `${basename(file.path)} ended at byte ${offset + done} while it was being read`, {
        file: file.path,
        hint: 'is something still writing it?',
      });
    }
    done += count;
  }
}

/** Whole text of a small file that lies beside a checkpoint. */
export function readSmall(path: string, limit: number): string {
  return withFile(path, (file) => {
    if (file.size > limit)
      refuse('N613', `${basename(path)} has ${file.size} bytes; ${limit} is the limit`, { file: path });
    return readAt(file, 0, file.size).toString('utf8');
  });
}

function checkStamp(file: Descriptor, stamp: Stamp): void {
  const now = fstatSync(file.fd);
  if (now.size === stamp.size && now.mtimeMs === stamp.modified) return;
  refuse('N623', `${basename(file.path)} has changed since it was opened`, {
    file: file.path,
    hint: 'wait until nothing writes it, then run again',
  });
}

const stat = (path: string) => withRefusal(path, () => statSync(path));

/** Turns an error of the file system into a refusal, since it is no fault of the program. */
function withRefusal<R>(path: string, act: () => R): R {
  try {
    return act();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    refuse(code === 'ENOENT' ? 'N601' : 'N602', `${basename(path)}: ${systemWords[code] ?? code}`, {
      file: path,
    });
  }
}

const systemWords: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'not readable with your permissions',
  EPERM: 'not readable with your permissions',
  ELOOP: 'symbolic links that lead in a circle',
  EISDIR: 'is a folder, not a regular file',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'the disk reports a read error',
};

interface Kinds {
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

const fileKind = (seen: Kinds): string =>
  seen.isDirectory() ? 'a folder' : seen.isFIFO() ? 'a pipe' : seen.isSocket() ? 'a socket' : 'a device';
