/** Writes the files of an artifact all or not at all: under other names first, then renamed, the model last. */

import {
  closeSync,
  fchmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statfsSync,
  writeSync,
} from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Bug, error, Refusal } from '../spec/diagnostic.ts';
import { nameFault } from './artifact_fault.ts';
import type { Artifact, ArtifactFile } from './backend.ts';
import { freshMark, removeEmpty, type Swept, sweep } from './leftovers_node.ts';

export interface WriteOptions {
  /** Looked at between chunks; an aborted write leaves nothing. */
  readonly signal?: AbortSignal;
  /** Bytes written so far, over all files. */
  readonly onBytes?: (done: number) => void;
  /** Replace files that exist; a failure puts them back. */
  readonly overwrite?: boolean;
  /** Make the folder too, where it is not there; else that is refused. */
  readonly makeFolder?: boolean;
  /** Told before the first byte where the files will be, and which folders are made for them, outer ones first. */
  readonly onStart?: (targets: readonly string[], folders: readonly string[]) => void;
  /** What runs that were killed had left of these files, and what others may still be writing. */
  readonly onSwept?: (swept: Swept) => void;
}

interface Pending {
  readonly target: string;
  readonly temporary: string;
  readonly replaced: string;
}

/** Of a write, as cat has it: a system that gets more at once looks for larger pages, and takes longer. */
const block = 1 << 17;
/** Bytes, and milliseconds, after which the process looks up from its work, for an interrupt and the like. */
const breath = { bytes: 1 << 24, time: 100 } as const;

/** Throws a Refusal (N504, N505) when the files cannot be written, and whatever the making of a chunk throws. */
export async function writeArtifact(
  { files }: Artifact,
  folder: string,
  options: WriteOptions = {},
): Promise<void> {
  const mark = freshMark();
  for (const { name } of files) refuseOutside(name, folder);
  const pending = files.map(({ name }) => {
    const target = join(folder, name);
    return { target, temporary: `${target}.${mark}.partial`, replaced: `${target}.${mark}.replaced` };
  });
  const targets = pending.map((p) => p.target);
  const swept = sweep(targets);
  if (swept.removed.length + swept.left.length > 0) options.onSwept?.(swept);
  for (const target of targets) refuseWhatIsThere(target, options.overwrite ?? false);
  refuseWithoutRoom(files, options.makeFolder ? nearestFolder(folder) : folder);
  const folders = missingFolders(targets);
  options.onStart?.(targets, folders);
  const written: string[] = [];
  const made: string[] = [];
  try {
    for (const path of folders) {
      if (attempt(path, () => mkdirSync(path, { recursive: true })) !== undefined) made.push(path);
    }
    const tell = progress(options);
    for (const [i, file] of files.entries()) {
      written.push(pending[i]!.temporary);
      await writeFile(pending[i]!, file, tell);
    }
    options.signal?.throwIfAborted();
    moveIntoPlace(pending, options.overwrite ?? false);
  } catch (cause) {
    for (const path of written) rmSync(path, { force: true });
    removeEmpty(made);
    throw cause;
  }
}

/** Links are followed: a folder that is one may lead anywhere. */
function refuseOutside(name: string, folder: string): void {
  const found =
    nameFault(name) ?? (leadsOutside(dirname(join(folder, name)), folder) ? 'a link leads elsewhere' : '');
  if (found !== '')
    throw new Refusal([error('N505', `${join(folder, name)} cannot be written`, { file: folder, found })]);
}

function leadsOutside(path: string, root: string): boolean {
  if (relative(root, path) === '') return false;
  if (!look(path)) return leadsOutside(dirname(path), root);
  const way = relative(
    attempt(root, () => realpathSync(root)),
    attempt(path, () => realpathSync(path)),
  );
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
}

/** A disk that is full after an hour is known to be too small before it. Some systems count no blocks, and say nothing. */
function refuseWithoutRoom(files: readonly ArtifactFile[], folder: string): void {
  const needed = files.reduce((sum, { size }) => sum + size, 0);
  const { bsize, blocks: all, bavail, bfree } = attempt(folder, () => statfsSync(folder));
  const free = bsize * (process.getuid?.() === 0 ? bfree : bavail);
  if (all === 0 || needed <= free) return;
  throw new Refusal([
    error('N505', `there is no room for the model in ${folder}`, {
      file: folder,
      expected: `${sizeText(needed)} free`,
      found: sizeText(free),
      hint: 'take a folder on another disk, or check the sizes in the config',
    }),
  ]);
}

const sizeText = (n: number): string =>
  n < 1e8 ? `${(n / 1e6).toFixed(3)} MB` : `${(n / 1e9).toFixed(1)} GB`;

/** Those that the files need and that are not there, outer ones first. */
function missingFolders(targets: readonly string[]): readonly string[] {
  const missing = new Set<string>();
  for (const target of targets) {
    const chain: string[] = [];
    for (let at = dirname(target); !look(at); at = dirname(at)) chain.unshift(at);
    for (const path of chain) missing.add(path);
  }
  return [...missing];
}

/** What is there of the way to a folder. */
const nearestFolder = (folder: string): string => (look(folder) ? folder : nearestFolder(dirname(folder)));

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
  let [size, rested, since] = [0, 0, performance.now()];
  try {
    const there = look(target);
    // What replaces a file that only its owner may read is not for everyone to read.
    if (there?.isFile()) attempt(target, () => fchmodSync(fd, there.mode & 0o7777));
    for (const bytes of blocks(file.chunks())) {
      writeWhole(fd, bytes);
      tell(bytes.length);
      size += bytes.length;
      if (size - rested < breath.bytes && performance.now() - since < breath.time) continue;
      await setImmediate();
      [rested, since] = [size, performance.now()];
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

/**
 * Each file is renamed over what was there, so that one of the two is there at any moment. What was there keeps a second name until
 * every file is in its place, and is put back when one cannot be.
 */
function moveIntoPlace(pending: readonly Pending[], overwrite: boolean): void {
  const undo: (() => void)[] = [];
  try {
    for (const { target, temporary, replaced } of pending) {
      refuseWhatIsThere(target, overwrite);
      const there = look(target) !== undefined;
      if (there) {
        attempt(target, () => keepAside(target, replaced));
        undo.push(() => putBack(replaced, target));
      }
      attempt(target, () => renameSync(temporary, target));
      if (!there) undo.push(() => rmSync(target, { force: true }));
    }
  } catch (cause) {
    for (const step of undo.reverse()) step();
    throw cause;
  }
  for (const { replaced } of pending) rmSync(replaced, { force: true });
}

/** A second name; where the file system has none to give, the old file is moved. */
function keepAside(target: string, replaced: string): void {
  try {
    linkSync(target, replaced);
  } catch {
    renameSync(target, replaced);
  }
}

/** A rename between two names of one file leaves both. */
function putBack(replaced: string, target: string): void {
  renameSync(replaced, target);
  rmSync(replaced, { force: true });
}
