/** What a row of the table of primitives holds, and the broadcasting that rows share. */

import { constant, type Dim, type Env, equal, evaluate, show } from '../dim.ts';
import type { Infer, Primitive, PrimitiveAttrs } from '../op.ts';
import { product, type Tensor } from '../tensor.ts';
import type { GraphDType, TensorType } from '../type.ts';
import { type Bounds, ofFirst } from './bounds.ts';

export type Type = TensorType<GraphDType>;
export type Shape = readonly number[];

/**
 * How the axes of a result come out of those of the operands. What slices one token, joins rows or computes experts together
 * knows an op by this alone; each of them has a rule for each kind.
 */
export type Axes =
  /** There are no operands. */
  | 'made'
  /** Each element by those in its place; operands are right-aligned. */
  | 'each'
  /** Along the last axis; the others are those of every operand. A second one says what is wanted of the first. */
  | 'last'
  /** Along the axis that an attribute names; the others are those of every operand that has axes. */
  | 'along'
  /** In another order. */
  | 'moved'
  /** Split and joined. */
  | 'reshaped'
  /** One more, in front. */
  | 'stacked'
  /** Those of the second operand, then the first's but for its first. */
  | 'gathered'
  /** The batch is shared, the places are the second operand's, the rest is the first's. */
  | 'taken'
  /** Rows of the first operand, columns of the second. */
  | 'multiplied'
  /** Rows of x, each times the matrix that a choice names. */
  | 'chosen';

/**
 * The result where operands have these values, undefined for one that is not known; undefined where they do not settle it.
 * What is zero wherever its share is, and what a mask leaves, is found by this.
 */
export type Settles<A> = (values: readonly (number | undefined)[], attrs: A) => number | undefined;

/**
 * Where the elements of a result come from: operands have them elsewhere, in another dtype, or not at all. An op that does not
 * compute any may do nothing for some types, and then a spelling of a composite leaves it out.
 */
export type Elements = 'moved' | 'converted' | 'computed';

/** For each of two operands the number that gives the other one, whose zeros alone may lose their sign. */
export type Neutral = readonly (number | undefined)[];

/** The result is the first operand's, wherever it has one value. */
export const first: Settles<unknown> = ([x]) => x;
export const never: Settles<unknown> = () => undefined;
/** All of them have one value. */
export const alike: Settles<unknown> = ([x, ...more]) => (more.every((y) => y === x) ? x : undefined);
/** Zero of zero, and nothing of another number. */
export const zero: Settles<unknown> = ([x]) => (x === 0 ? 0 : undefined);

/** Fields of ops that have not two operands of one kind, which could be exchanged or have no effect. */
export const unpaired = { neutral: [], commutes: false } as const;
/** Fields of ops whose result consists of elements of their first operand. */
export const moving = { ...unpaired, elements: 'moved', settles: first, bounds: ofFirst } as const;

interface RowFor<A> {
  /** Number of inputs; `any` for one or more. */
  readonly arity: number | 'any';
  readonly doc: string;
  readonly axes: Axes;
  readonly elements: Elements;
  readonly settles: Settles<A>;
  readonly bounds: Bounds<A>;
  readonly neutral: Neutral;
  /** Two operands in the other order give the same. */
  readonly commutes: boolean;
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
