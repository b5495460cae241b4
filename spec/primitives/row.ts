/** What a row of the table of primitives holds, and the broadcasting that rows share. */

import { constant, type Dim, type Env, equal, evaluate, show } from '../dim.ts';
import type { Infer, Primitive, PrimitiveAttrs } from '../op.ts';
import { product, type Tensor } from '../tensor.ts';
import type { GraphDType, TensorType } from '../type.ts';

export type Type = TensorType<GraphDType>;
export type Shape = readonly number[];

interface RowFor<A> {
  /** Number of inputs; `any` for one or more. */
  readonly arity: number | 'any';
  readonly doc: string;
  readonly infer: Infer<A>;
  evaluate(inputs: readonly Tensor[], attrs: A, env: Env): Tensor;
}
export type Row<P extends Primitive> = RowFor<PrimitiveAttrs[P]>;

/** Sizes as numbers of this run. */
export const numbers = (shape: readonly Dim[], env: Env): number[] => shape.map((d) => evaluate(d, env));

export const isFloat = (dtype: GraphDType): boolean => dtype !== 'int64' && dtype !== 'bool';

/** The broadcast of two shapes, right-aligned; or why there is none. */
export function broadcastDims(a: readonly Dim[], b: readonly Dim[]): readonly Dim[] | string {
  const rank = Math.max(a.length, b.length);
  const shape: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i];
    const y = b[b.length - rank + i];
    if (!x || (y && constant(x) === 1)) shape.push(y!);
    else if (!y || constant(y) === 1 || equal(x, y)) shape.push(x);
    else return `sizes ${show(x)} and ${show(y)} do not broadcast`;
  }
  return shape;
}

export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    return x === 1 ? y : x;
  });
}

/** Row-major strides, in elements. */
export function strides(shape: Shape): number[] {
  const steps = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    steps[i] = step;
    step *= shape[i]!;
  }
  return steps;
}

/** For each element of `shape` in row-major order, the offset under other strides. */
export function offsets(shape: Shape, steps: readonly number[], start = 0): Int32Array {
  const result = new Int32Array(product(shape));
  if (result.length === 0) return result;
  result[0] = start;
  let filled = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const block = filled;
    for (let i = 1; i < shape[axis]!; i++) {
      const shift = i * steps[axis]!;
      for (let j = 0; j < block; j++) result[filled++] = result[j]! + shift;
    }
  }
  return result;
}

/** Where each element of a broadcast result lies in an operand; undefined when the operand has the result's shape. */
export function broadcastOffsets(from: Shape, to: Shape): Int32Array | undefined {
  if (from.length === to.length && from.every((n, i) => n === to[i])) return undefined;
  const own = strides(from);
  const lead = to.length - from.length;
  return offsets(
    to,
    to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : own[i - lead]!)),
  );
}

/** An axis as [outer, size, inner], for loops along it. */
export function around(shape: Shape, axis: number): readonly [outer: number, size: number, inner: number] {
  return [product(shape.slice(0, axis)), shape[axis]!, product(shape.slice(axis + 1))];
}

export const axisOf = (x: Type, axis: number): string | undefined =>
  Number.isInteger(axis) && axis >= 0 && axis < x.shape.length
    ? undefined
    : `axis ${axis} is not one of the ${x.shape.length} axes`;

export const withSize = (shape: readonly Dim[], axis: number, size: Dim): readonly Dim[] =>
  shape.map((d, i) => (i === axis ? size : d));
