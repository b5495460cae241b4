/** What the thread that reads ahead shares with the one that asks it to: a few words, and a ring of slots for bytes. */

import type { StoredDType } from '../checkpoint/checkpoint.ts';

/** Bytes of a slot: small enough for a processor's cache, a multiple of every element's size. */
export const slotBytes = 2 ** 17;
export const slots = 32;

export interface Ring {
  /** Indexed by `word`. */
  readonly words: Int32Array;
  /** First byte in the file, and how many: more than a word holds. */
  readonly range: Float64Array;
  /** Of a slot: the checksum of the job's bytes up to its end. */
  readonly sums: Int32Array;
  /** Of a slot: 1 when it was looked through and all its numbers are finite. */
  readonly finite: Int32Array;
  readonly bytes: Uint8Array;
}

export const word = {
  /** 1 once the thread runs. */
  ready: 0,
  /** Number of the last job asked for. */
  asked: 1,
  /** Number of the last job that the thread is through with, whole or not. */
  done: 2,
  /** Slots of this job that were filled, or `broken`. */
  filled: 3,
  /** Slots of this job that may be filled anew, or `broken`. */
  taken: 4,
  file: 5,
  /** A place in `looked`. */
  dtype: 6,
  /** 1 when checksums are wanted. */
  sum: 7,
} as const;

/** In `filled`: a read failed. In `taken`: nobody wants the rest. */
export const broken = -1;

/** dtypes whose numbers the thread can look through; `int64` stands for those that are always finite, and for none. */
export const looked: readonly StoredDType[] = ['int64', 'float32', 'float16', 'bfloat16'];

export function newRing(): Ring {
  const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
  return {
    words: new Int32Array(shared(4 * Object.keys(word).length)),
    range: new Float64Array(shared(16)),
    sums: new Int32Array(shared(4 * slots)),
    finite: new Int32Array(shared(4 * slots)),
    bytes: new Uint8Array(shared(slotBytes * slots)),
  };
}

export const slot = ({ bytes }: Ring, turn: number, length: number): Uint8Array =>
  bytes.subarray((turn % slots) * slotBytes, (turn % slots) * slotBytes + length);

/** Blocks until the word is no longer `value`; returns what it is then. */
export function changed({ words }: Ring, at: number, value: number): number {
  let now = Atomics.load(words, at);
  while (now === value) {
    Atomics.wait(words, at, value);
    now = Atomics.load(words, at);
  }
  return now;
}

export function tell({ words }: Ring, at: number, value: number): void {
  Atomics.store(words, at, value);
  Atomics.notify(words, at);
}
