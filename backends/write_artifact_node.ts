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
import { type LinkKind, linkFile } from './link_file_node.ts';

export interface WriteOptions {
  /** Checked between chunks; an aborted write leaves nothing behind. */
  readonly signal?: AbortSignal;
  /** Bytes written so far, over all files. */
  readonly onBytes?: (done: number) => void;
  /** Replace files that exist; a failure puts them back. */
  readonly overwrite?: boolean;
  /** Make the folder too, where it is not there; else that is refused. */
  readonly makeFolder?: boolean;
  /** Called before the first byte with the paths of the files, and with the folders that are made for them, outer ones first. */
  readonly onStart?: (targets: readonly string[], folders: readonly string[]) => void;
  /** Called with the name of each link when it is made. */
  readonly onLink?: (name: string, kind: LinkKind) => void;
  /** Called with what killed runs had left of these files, and what other runs may still be writing. */
  readonly onSwept?: (swept: Swept) => void;
}

interface Pending {
  readonly target: string;
  readonly temporary: string;
  readonly replaced: string;
}

/** Bytes of one write call, the same as in cat: with more at once the system looks for larger pages, and takes longer. */
const writeBytes = 1 << 17;
/** Bytes, and milliseconds, after which the event loop gets a turn, so that an interrupt is noticed. */
const pauseAfter = { bytes: 1 << 24, time: 100 } as const;

/** Throws a Refusal (N504, N505) when the files cannot be written, and whatever the making of a chunk throws. */
export async function writeArtifact(
  { files, links = [] }: Artifact,
  folder: string,
  options: WriteOptions = {},
): Promise<void> {
  const mark = freshMark();
  const all = [...links, ...files];
  for (const { name } of all) refuseOutside(name, folder);
  const pending = all.map(({ name }) => {
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
      if (withRefusal(path, () => mkdirSync(path, { recursive: true })) !== undefined) made.push(path);
    }
    const tell = progress(options);
    for (const [i, link] of links.entries()) {
      written.push(pending[i]!.temporary);
      options.onLink?.(link.name, linkFile(link, pending[i]!.temporary));
    }
    for (const [i, file] of files.entries()) {
      const at = pending[links.length + i]!;
      written.push(at.temporary);
      await writeFile(at, file, tell);
    }
    options.signal?.throwIfAborted();
    moveIntoPlace(pending, options.overwrite ?? false);
  } catch (cause) {
    for (const path of written) rmSync(path, { force: true });
    removeEmpty(made);
    throw cause;
  }
}

/** Follows links, because a folder that is a link may lead anywhere. */
function refuseOutside(name: string, folder: string): void {
  const found =
    nameFault(name) ?? (leadsOutside(dirname(join(folder, name)), folder) ? 'a link leads elsewhere' : '');
  if (found !== '')
    throw new Refusal([error('N505', `${join(folder, name)} cannot be written`, { file: folder, found })]);
}

function leadsOutside(path: string, root: string): boolean {
  if (relative(root, path) === '') return false;
  if (!statusOf(path)) return leadsOutside(dirname(path), root);
  const way = relative(
    withRefusal(root, () => realpathSync(root)),
    withRefusal(path, () => realpathSync(path)),
  );
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
}

/** Refuses before an hour of writing what will not fit. Some file systems report no blocks; then nothing is refused. */
function refuseWithoutRoom(files: readonly ArtifactFile[], folder: string): void {
  const needed = files.reduce((sum, { size }) => sum + size, 0);
  const { bsize, blocks: all, bavail, bfree } = withRefusal(folder, () => statfsSync(folder));
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

/** Folders that the files need and that do not exist, outer ones first. */
function missingFolders(targets: readonly string[]): readonly string[] {
  const missing = new Set<string>();
  for (const target of targets) {
    const chain: string[] = [];
    for (let at = dirname(target); !statusOf(at); at = dirname(at)) chain.unshift(at);
    for (const path of chain) missing.add(path);
  }
  return [...missing];
}

/** The folder, or the nearest one above it that exists. */
const nearestFolder = (folder: string): string =>
  statusOf(folder) ? folder : nearestFolder(dirname(folder));

/** The message of the system, without the call and the path that Node adds. */
const systemMessage = (cause: unknown): string =>
  cause instanceof Error ? cause.message.replace(/, \w+( '.*)?$/, '') : String(cause);

const refusal = (target: string, cause: unknown): Refusal =>
  new Refusal([error('N505', `${target} cannot be written`, { file: target, found: systemMessage(cause) })]);

/** Turns the failure of a file system call into a refusal: no space, no rights, no such folder. */
function withRefusal<T>(target: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw refusal(target, cause);
  }
}

const statusOf = (path: string): Stats | undefined =>
  withRefusal(path, () => lstatSync(path, { throwIfNoEntry: false }));

function refuseWhatIsThere(target: string, overwrite: boolean): void {
  const there = statusOf(target);
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
  const fd = withRefusal(target, () => openSync(temporary, 'wx'));
  let [size, rested, since] = [0, 0, performance.now()];
  try {
    const there = statusOf(target);
    // The new file gets the rights of the old one, which perhaps only its owner may read.
    if (there?.isFile()) withRefusal(target, () => fchmodSync(fd, there.mode & 0o7777));
    for (const bytes of blocks(file.chunks())) {
      writeWhole(fd, bytes);
      tell(bytes.length);
      size += bytes.length;
      if (size - rested < pauseAfter.bytes && performance.now() - since < pauseAfter.time) continue;
      await setImmediate();
      [rested, since] = [size, performance.now()];
    }
  } catch (cause) {
    throw isSystemError(cause) ? refusal(target, cause) : cause;
  } finally {
    withRefusal(target, () => closeSync(fd));
  }
  if (size !== file.size) throw new Bug(`${file.name} has ${size} bytes and was to have ${file.size}`);
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(fd, bytes, at, Math.min(writeBytes, bytes.length - at));
}

const isSystemError = (cause: unknown): boolean => cause instanceof Error && 'syscall' in cause;

/** The same bytes with small chunks joined; what is yielded is valid until the next turn. */
function* blocks(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  const buffer = new Uint8Array(writeBytes);
  let filled = 0;
  for (const chunk of chunks) {
    if (filled > 0 && filled + chunk.length > writeBytes) {
      yield buffer.subarray(0, filled);
      filled = 0;
    }
    if (chunk.length >= writeBytes) yield chunk;
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
      const there = statusOf(target) !== undefined;
      if (there) {
        withRefusal(target, () => keepAside(target, replaced));
        undo.push(() => putBack(replaced, target));
      }
      withRefusal(target, () => renameSync(temporary, target));
      rmSync(temporary, { force: true }); // a rename between two names of one file does nothing
      if (!there) undo.push(() => rmSync(target, { force: true }));
    }
  } catch (cause) {
    for (const step of undo.reverse()) step();
    throw cause;
  }
  for (const { replaced } of pending) rmSync(replaced, { force: true });
}

/** Gives the old file a second name, or moves it where the file system has no links. */
function keepAside(target: string, replaced: string): void {
  try {
    linkSync(target, replaced);
  } catch {
    renameSync(target, replaced);
  }
}

/** Also removes the second name, because a rename between two names of one file does nothing. */
function putBack(replaced: string, target: string): void {
  renameSync(replaced, target);
  rmSync(replaced, { force: true });
}
