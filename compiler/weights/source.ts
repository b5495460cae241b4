/** Where a backend gets tensor bytes: by name, in a dtype, streamed. */

import type { GraphDType } from '../../spec/type.ts';

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
  /** Chunks of some MiB; a buffer may be reused after the next chunk is asked for. */
  chunks(name: string): Iterable<Uint8Array>;
  /** All of a tensor as float32, for the reference interpreter; small models only. */
  values(name: string): Float32Array;
}
