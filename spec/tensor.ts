/** A plain tensor of the reference semantics: row-major, fully in memory, small. */

import type { GraphDType } from './type.ts';

export interface Tensor {
  readonly dtype: GraphDType;
  readonly shape: readonly number[];
  /**
   * float32, float16 and bfloat16 as Float32Array (the narrow ones hold already rounded values); int64 as Float64Array
   * (whole numbers, exact below 2**53); bool as Uint8Array of 0 and 1.
   */
  readonly data: Float32Array | Float64Array | Uint8Array;
}

export const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

export function empty(dtype: GraphDType, shape: readonly number[]): Tensor {
  const n = product(shape);
  const data =
    dtype === 'int64' ? new Float64Array(n) : dtype === 'bool' ? new Uint8Array(n) : new Float32Array(n);
  return { dtype, shape, data };
}

/** A tensor from numbers in row-major order; bool takes 0 and 1. */
export function tensor(dtype: GraphDType, shape: readonly number[], values: ArrayLike<number>): Tensor {
  const t = empty(dtype, shape);
  t.data.set(values);
  return t;
}
