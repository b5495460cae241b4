/** Where a backend gets tensor bytes: by name, in a dtype, streamed. */

import type { Diagnostic } from '../../spec/diagnostic.ts';
import type { GraphDType } from '../../spec/type.ts';
import type { StoredBytes } from './stored.ts';

export interface WeightInfo {
  readonly shape: readonly number[];
  /** dtype the bytes are written in. */
  readonly dtype: GraphDType;
  /** Exact length of the stream. */
  readonly bytes: number;
}

/** Named streams of row-major little-endian bytes. */
export interface WeightSource {
  info(name: string): WeightInfo;
  /**
   * Chunks of about a MiB; a buffer may be reused after the next chunk is asked for. Throws a Refusal, at the end of the
   * stream at the latest, when the bytes are not what the archive promised (N604, N623) or do not fit the dtype (N509).
   */
  chunks(name: string): Iterable<Uint8Array>;
  /** Where its bytes lie in the checkpoint just as `chunks` gives them, or why they do so nowhere. */
  stored(name: string): StoredBytes | string;
  /** All of a tensor as float32, for the reference interpreter; small models only. */
  values(name: string): Float32Array;
  /** Warnings about numbers seen so far, once for each tensor: NaN and infinity (N616), huge or all zero (N625). */
  findings(): readonly Diagnostic[];
}
