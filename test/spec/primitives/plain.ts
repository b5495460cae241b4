/** Tensors from nested lists, and primitives run on them with their shape rule held against what comes out. */

import { size } from '../../../spec/dim.ts';
import type { Primitive, PrimitiveAttrs } from '../../../spec/op.ts';
import { evaluatePrimitive, inferPrimitive } from '../../../spec/primitives/index.ts';
import { type Tensor, tensor } from '../../../spec/tensor.ts';
import type { GraphDType, TensorType } from '../../../spec/type.ts';

export type Nested = number | readonly Nested[];

const shapeOf = (x: Nested): readonly number[] =>
  typeof x === 'number' ? [] : [x.length, ...(x.length > 0 ? shapeOf(x[0]!) : [])];
const flat = (x: Nested): readonly number[] => (typeof x === 'number' ? [x] : x.flatMap(flat));

export const floats = (x: Nested): Tensor => tensor('float32', shapeOf(x), flat(x));
export const ints = (x: Nested): Tensor => tensor('int64', shapeOf(x), flat(x));
export const bools = (x: Nested): Tensor => tensor('bool', shapeOf(x), flat(x));

/** Back to nested lists. */
export function nested({ shape, data }: Tensor): Nested {
  const [n, ...rest] = shape;
  if (n === undefined) return data[0]!;
  const step = rest.reduce((a, b) => a * b, 1);
  return Array.from({ length: n }, (_, i) =>
    nested({ dtype: 'float32', shape: rest, data: data.slice(i * step, (i + 1) * step) }),
  );
}

export const typeOf = ({ dtype, shape }: Tensor): TensorType<GraphDType> => ({
  dtype,
  shape: shape.map(size),
});

/** What a primitive gives; throws where its shape rule refuses, or foretells another type than comes out. */
export function run<P extends Primitive>(op: P, inputs: readonly Tensor[], attrs: PrimitiveAttrs[P]): Tensor {
  const foretold = inferPrimitive(op, inputs.map(typeOf), attrs);
  if (typeof foretold === 'string') throw new TypeError(foretold);
  const y = evaluatePrimitive(op, inputs, attrs, new Map());
  const found = JSON.stringify(typeOf(y));
  if (found !== JSON.stringify(foretold))
    throw new Error(`${op}: ${found}, foretold ${JSON.stringify(foretold)}`);
  return y;
}

/** Why a primitive refuses its inputs; an empty text when it does not. */
export function refusal<P extends Primitive>(
  op: P,
  inputs: readonly Tensor[],
  attrs: PrimitiveAttrs[P],
): string {
  const foretold = inferPrimitive(op, inputs.map(typeOf), attrs);
  return typeof foretold === 'string' ? foretold : '';
}
