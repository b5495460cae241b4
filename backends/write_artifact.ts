/** Writes the files of an artifact all or not at all: under other names first, then renamed, the model last. */

import { randomBytes } from 'node:crypto';
import { closeSync, lstatSync, openSync, renameSync, rmSync, type Stats, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Bug, error, Refusal } from '../spec/diagnostic.ts';
import type { Artifact, ArtifactFile } from './backend.ts';

export interface WriteOptions {
  /** Looked at between chunks; an aborted write leaves nothing. */
  readonly signal?: AbortSignal;
  /** Bytes written so far, over all files. */
  readonly onBytes?: (done: number) => void;
  /** Replace files that exist; a failure puts them back. */
  readonly overwrite?: boolean;
}

interface Pending {
  readonly target: string;
  readonly temporary: string;
  readonly replaced: string;
}

/** Chunks below this many bytes are gathered before they are written. */
const gathered = 1 << 18;
/** Bytes after which other work (an interrupt) has its turn. */
const turn = 1 << 25;

/** Throws a Refusal (N504, N505) when the files cannot be written, and whatever the making of a chunk throws. */
export async function writeArtifact(
  { files }: Artifact,
  folder: string,
  options: WriteOptions = {},
): Promise<void> {
  const suffix = randomBytes(4).toString('hex');
  const pending = files.map(({ name }) => {
    const target = join(folder, name);
    return { target, temporary: `${target}.${suffix}.partial`, replaced: `${target}.${suffix}.replaced` };
  });
  for (const { target } of pending) refuseWhatIsThere(target, options.overwrite ?? false);
  const written: string[] = [];
  try {
    const tell = progress(options);
    for (const [i, file] of files.entries()) {
      written.push(pending[i]!.temporary);
      await writeFile(pending[i]!, file, tell);
    }
    options.signal?.throwIfAborted();
    moveIntoPlace(pending, options.overwrite ?? false);
  } catch (cause) {
    for (const path of written) rmSync(path, { force: true });
    throw cause;
  }
}

/** The system's words, without the call and the path that Node adds. */
const words = (cause: unknown): string =>
  cause instanceof Error ? cause.message.replace(/, \w+( '.*)?$/, '') : String(cause);

/** A file system call whose failure is the user's to know: no space, no rights, no such folder. */
function attempt<T>(target: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw new Refusal([error('N505', `${target} cannot be written`, { file: target, found: words(cause) })]);
  }
}

const look = (path: string): Stats | undefined =>
  attempt(path, () => lstatSync(path, { throwIfNoEntry: false }));

function refuseWhatIsThere(target: string, overwrite: boolean): void {
  const there = look(target);
  if (!there) return;
  if (there.isDirectory()) {
    const extra = { file: target, found: 'a folder of that name', hint: 'name another file with -o' };
    throw new Refusal([error('N505', `${target} cannot be written`, extra)]);
  }
  if (!overwrite) {
    throw new Refusal([
      error('N504', `${target} exists`, { file: target, hint: 'add --force to overwrite' }),
    ]);
  }
}

/** Counts bytes, and lets an interrupt in now and then. */
function progress({ signal, onBytes }: WriteOptions): (bytes: number) => Promise<void> | undefined {
  let done = 0;
  let next = turn;
  return (bytes) => {
    done += bytes;
    onBytes?.(done);
    signal?.throwIfAborted();
    if (done < next) return undefined;
    next = done + turn;
    return new Promise((resolve) => setImmediate(resolve));
  };
}

async function writeFile(
  { target, temporary }: Pending,
  file: ArtifactFile,
  tell: (bytes: number) => Promise<void> | undefined,
): Promise<void> {
  const fd = attempt(target, () => openSync(temporary, 'wx'));
  let size = 0;
  try {
    for (const chunk of large(file.chunks())) {
      for (let at = 0; at < chunk.length; ) at += attempt(target, () => writeSync(fd, chunk, at));
      size += chunk.length;
      await tell(chunk.length);
    }
  } finally {
    attempt(target, () => closeSync(fd));
  }
  if (size !== file.size) throw new Bug(`${file.name} has ${size} bytes and was to have ${file.size}`);
}

/** The same bytes with small chunks joined; large ones pass as they are. */
function* large(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  const buffer = new Uint8Array(gathered);
  let filled = 0;
  for (const chunk of chunks) {
    if (filled > 0 && filled + chunk.length > gathered) {
      yield buffer.subarray(0, filled);
      filled = 0;
    }
    if (chunk.length >= gathered) yield chunk;
    else {
      buffer.set(chunk, filled);
      filled += chunk.length;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

/** What was there is kept aside until every file is in its place, and put back when one cannot be. */
function moveIntoPlace(pending: readonly Pending[], overwrite: boolean): void {
  const undo: (() => void)[] = [];
  try {
    for (const { target, temporary, replaced } of pending) {
      refuseWhatIsThere(target, overwrite);
      if (look(target)) {
        attempt(target, () => renameSync(target, replaced));
        undo.push(() => renameSync(replaced, target));
      }
      attempt(target, () => renameSync(temporary, target));
      undo.push(() => rmSync(target, { force: true }));
    }
  } catch (cause) {
    for (const step of undo.reverse()) step();
    throw cause;
  }
  for (const { replaced } of pending) rmSync(replaced, { force: true });
}
