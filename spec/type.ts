/** Types of tensors: a dtype and a shape over symbolic sizes. */

import { type Dim, showShape } from './dim.ts';

/** dtypes of the language. `float` is the dtype that the compiler was asked to compute in. */
export const dtypes = ['float', 'float32', 'float16', 'bfloat16', 'int64', 'bool'] as const;
export type DType = (typeof dtypes)[number];

/** dtypes of a graph, in which `float` has been replaced. */
export type GraphDType = Exclude<DType, 'float'>;

export interface TensorType<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly Dim[];
}

/** `[B, T, dim]`, `float32[B, T, vocab]`; `float` is not printed. */
export const showType = ({ dtype, shape }: TensorType): string =>
  `${dtype === 'float' ? '' : dtype}${showShape(shape)}`;

export const bytesPerElement: Readonly<Record<GraphDType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  bool: 1,
};
