/** What the thread that reads ahead shares with the one that asks it to: a few words, and a ring of slots for bytes. */

import type { StoredDType } from '../checkpoint/checkpoint.ts';

/** Bytes of a slot: small enough for a processor's cache, a multiple of every element's size. */
export const slotBytes = 2 ** 17;
export const slots = 32;

export interface Ring {
  /** Indexed by `wordIndex`. */
  readonly words: Int32Array;
  /** First byte in the file, and how many: more than a word holds. */
  readonly range: Float64Array;
  /** For each slot, the checksum of the job's bytes up to its end. */
  readonly sums: Int32Array;
  /** For each slot, 1 when the thread has found all its numbers finite. */
  readonly finite: Int32Array;
  readonly bytes: Uint8Array;
}

export const wordIndex = {
  /** Set to 1 once the thread runs. */
  ready: 0,
  /** Number of the last job asked for. */
  asked: 1,
  /** Number of the last job that the thread has finished or given up. */
  done: 2,
  /** How many slots of this job were filled, or `aborted`. */
  filled: 3,
  /** How many slots of this job the reader is done with, so that they may be filled anew; or `aborted`. */
  taken: 4,
  file: 5,
  /** An index into `inspectedDtypes`. */
  dtype: 6,
  /** 1 when checksums are wanted. */
  sum: 7,
} as const;

/** In `filled`, a read failed; in `taken`, nobody wants the rest. */
export const aborted = -1;

/** dtypes in which the thread looks for numbers that are not finite. Index 0, an integer, means that nothing is looked for. */
export const inspectedDtypes: readonly StoredDType[] = ['int64', 'float32', 'float16', 'bfloat16'];

export function newRing(): Ring {
  const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
  return {
    words: new Int32Array(shared(4 * Object.keys(wordIndex).length)),
    range: new Float64Array(shared(16)),
    sums: new Int32Array(shared(4 * slots)),
    finite: new Int32Array(shared(4 * slots)),
    bytes: new Uint8Array(shared(slotBytes * slots)),
  };
}

export const slot = ({ bytes }: Ring, turn: number, length: number): Uint8Array =>
  bytes.subarray((turn % slots) * slotBytes, (turn % slots) * slotBytes + length);

/** Blocks until the word is no longer `value`; returns what it is then. */
export function waitForChange({ words }: Ring, at: number, value: number): number {
  let now = Atomics.load(words, at);
  while (now === value) {
    Atomics.wait(words, at, value);
    now = Atomics.load(words, at);
  }
  return now;
}

export function setWord({ words }: Ring, at: number, value: number): void {
  Atomics.store(words, at, value);
  Atomics.notify(words, at);
}
