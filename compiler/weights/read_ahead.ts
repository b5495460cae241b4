/** Ranges of a file that are read ahead of the caller, where there is a reader for that: under Node a second thread is one. */

import type { StoredDType } from '../checkpoint/checkpoint.ts';
import type { OpenFile } from '../checkpoint/open_file.ts';

export interface ReadRequest {
  readonly file: OpenFile;
  /** First byte in the file, and how many. */
  readonly offset: number;
  readonly length: number;
  readonly sum: boolean;
  /** dtype in which the thread looks for numbers that are not finite; undefined when the byte order is not this machine's. */
  readonly dtype: StoredDType | undefined;
}

export interface Slot {
  /** Valid until the next slot is asked for. */
  readonly bytes: Uint8Array;
  /** Checksum from the start of the range to the end of this slot, when one was asked for. */
  readonly sum: number;
}

type ReadAhead = (request: ReadRequest) => Iterable<Slot>;

let reader: ReadAhead = () => [];

/** Sets the reader, of which a process has one. */
export const readAheadBy = (by: ReadAhead): void => {
  reader = by;
};

/** Yields the range slot by slot: all of it, less when a read fails, or nothing. */
export const readAhead: ReadAhead = (request) => reader(request);
