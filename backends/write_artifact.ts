/** Writes the files of an artifact all or not at all: under other names first, then renamed, the model last. */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
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

/** Of a write, as cat has it: a system that gets more at once looks for larger pages, and takes longer. */
const block = 1 << 17;
/** Bytes after which the process looks up from its work, for an interrupt and the like. */
const breath = 1 << 24;

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
  const made: string[] = [];
  try {
    for (const { target } of pending) makeFolders(dirname(target), folder, made);
    const tell = progress(options);
    for (const [i, file] of files.entries()) {
      written.push(pending[i]!.temporary);
      await writeFile(pending[i]!, file, tell);
    }
    options.signal?.throwIfAborted();
    moveIntoPlace(pending, options.overwrite ?? false);
  } catch (cause) {
    for (const path of written) rmSync(path, { force: true });
    for (const path of made.reverse()) rmSync(path, { recursive: true, force: true });
    throw cause;
  }
}

/** Folders of names such as `onnx/model.onnx`, inside `root`, which is there; those made are added to `made`. */
function makeFolders(folder: string, root: string, made: string[]): void {
  if (relative(root, folder) === '' || look(folder)?.isDirectory()) return;
  makeFolders(dirname(folder), root, made);
  attempt(folder, () => mkdirSync(folder));
  made.push(folder);
}

/** The system's words, without the call and the path that Node adds. */
const words = (cause: unknown): string =>
  cause instanceof Error ? cause.message.replace(/, \w+( '.*)?$/, '') : String(cause);

const refusal = (target: string, cause: unknown): Refusal =>
  new Refusal([error('N505', `${target} cannot be written`, { file: target, found: words(cause) })]);

/** A file system call whose failure is the user's to know: no space, no rights, no such folder. */
function attempt<T>(target: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw refusal(target, cause);
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

/** Counts bytes; an interrupt is looked for between blocks. */
function progress({ signal, onBytes }: WriteOptions): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    done += bytes;
    onBytes?.(done);
    signal?.throwIfAborted();
  };
}

async function writeFile(
  { target, temporary }: Pending,
  file: ArtifactFile,
  tell: (bytes: number) => void,
): Promise<void> {
  const fd = attempt(target, () => openSync(temporary, 'wx'));
  let [size, rested] = [0, 0];
  try {
    for (const bytes of blocks(file.chunks())) {
      writeWhole(fd, bytes);
      tell(bytes.length);
      size += bytes.length;
      if (size - rested < breath) continue;
      await setImmediate();
      rested = size;
    }
  } catch (cause) {
    throw isSystemError(cause) ? refusal(target, cause) : cause;
  } finally {
    attempt(target, () => closeSync(fd));
  }
  if (size !== file.size) throw new Bug(`${file.name} has ${size} bytes and was to have ${file.size}`);
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, Math.min(block, bytes.length - at));
}

const isSystemError = (cause: unknown): boolean => cause instanceof Error && 'syscall' in cause;

/** The same bytes, small chunks joined and large ones as they are; what is yielded is good until the next turn. */
function* blocks(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  const buffer = new Uint8Array(block);
  let filled = 0;
  for (const chunk of chunks) {
    if (filled > 0 && filled + chunk.length > block) {
      yield buffer.subarray(0, filled);
      filled = 0;
    }
    if (chunk.length >= block) yield chunk;
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
