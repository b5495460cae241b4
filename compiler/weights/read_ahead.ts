/** Runs of a file that are read before they are asked for, where somebody does so: a second thread does under Node. */

import type { StoredDType } from '../checkpoint/checkpoint.ts';
import type { OpenFile } from '../checkpoint/open_file.ts';

export interface Run {
  readonly file: OpenFile;
  /** First byte in the file, and how many. */
  readonly offset: number;
  readonly length: number;
  readonly sum: boolean;
  /** Of the numbers to look through; none when they are not in this machine's order. */
  readonly dtype: StoredDType | undefined;
}

export interface Slot {
  /** Good until the next one is asked for. */
  readonly bytes: Uint8Array;
  /** Checksum of the run up to here, if wanted. */
  readonly sum: number;
}

type ReadAhead = (run: Run) => Iterable<Slot>;

let reader: ReadAhead = () => [];

/** There is one process, and so there is one reader. */
export const readAheadBy = (by: ReadAhead): void => {
  reader = by;
};

/** Slots from the start of the run on: all of it, or fewer when a read fails, or none. */
export const readAhead: ReadAhead = (run) => reader(run);
