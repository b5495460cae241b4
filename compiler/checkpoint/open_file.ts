/** What bytes are read from, at any place: a file, or what a page holds in memory. */

import { limits } from '../../spec/limits.ts';
import { fileName } from '../bytes/paths.ts';
import { refuse } from './refuse.ts';

/** What a file looked like when it was opened; another look that differs means someone wrote to it. */
export interface Stamp {
  readonly size: number;
  readonly modified: number;
}

export interface OpenFile {
  /** For messages, and to name the files that belong to it. */
  readonly path: string;
  readonly size: number;
  readonly stamp: Stamp;
  /** Its file descriptor, by which a second thread reads. */
  readonly fd?: number;
  /** Fills `into` from an absolute offset; refuses (N623) where it ends before. */
  readInto(offset: number, into: Uint8Array): void;
  /** Refuses (N623) when it is no longer what it was. */
  checkStamp(stamp: Stamp): void;
  close(): void;
  /** Opens the same file again, for reading after this one is closed. */
  reopen(): OpenFile;
}

export function readAt(file: OpenFile, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  file.readInto(offset, bytes);
  return bytes;
}

/** Refuses (N602) more tensors than any model has, before something is made for each. */
export function refuseMany({ path }: Pick<OpenFile, 'path'>, count: number): void {
  if (count <= limits.tensors) return;
  refuse('N602', `${fileName(path)} has ${count} tensors; ${limits.tensors} are the most`, { file: path });
}
