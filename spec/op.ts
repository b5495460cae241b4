/**
 * The vocabulary of meaning: primitives (closed) and composite ops (open).
 *
 * A primitive is a row of `PrimitiveAttrs` here, of the table in `primitives/` (shape rule, evaluation), and of each
 * backend's lowering; the compiler refuses to build when one is missing. A composite says what it means in primitives
 * (`decompose`), which is at once its reference meaning, every backend's fallback, and a recogniser's pattern.
 */

import type { Dim } from './dim.ts';
import type { Bounds } from './primitives/bounds.ts';
import type { Tensor } from './tensor.ts';
import type { GraphDType, TensorType } from './type.ts';

type Nothing = Readonly<Record<never, never>>;

/** Attributes of every primitive. Axes are never negative; sizes are over `B`, `T`, `P`, `S` and numbers only. */
export interface PrimitiveAttrs {
  /** A constant of rank 0. */
  readonly scalar: { readonly value: number; readonly dtype: GraphDType };
  readonly constant: { readonly tensor: Tensor };
  /** int64 rank 0: a size known only when running. */
  readonly size: { readonly dim: Dim };
  /** int64 [size]: 0, 1, 2, ... */
  readonly iota: { readonly size: Dim };

  readonly neg: Nothing;
  readonly abs: Nothing;
  readonly exp: Nothing;
  readonly log: Nothing;
  readonly sqrt: Nothing;
  readonly rsqrt: Nothing;
  readonly sin: Nothing;
  readonly cos: Nothing;
  readonly tanh: Nothing;
  readonly sigmoid: Nothing;
  readonly relu: Nothing;
  readonly erf: Nothing;
  readonly floor: Nothing;
  readonly not: Nothing;

  /** Two inputs of one dtype, broadcast right-aligned; comparisons give bool. `mod` and `floordiv` floor, as Python's. */
  readonly add: Nothing;
  readonly sub: Nothing;
  readonly mul: Nothing;
  readonly div: Nothing;
  readonly floordiv: Nothing;
  readonly mod: Nothing;
  readonly pow: Nothing;
  readonly min: Nothing;
  readonly max: Nothing;
  readonly eq: Nothing;
  readonly lt: Nothing;
  readonly le: Nothing;
  readonly and: Nothing;
  readonly or: Nothing;
  /** (condition bool, a, b) */
  readonly where: Nothing;
  readonly cast: { readonly dtype: GraphDType };

  /** Along one axis, kept with size 1. */
  readonly reduce_sum: { readonly axis: number };
  readonly reduce_mean: { readonly axis: number };
  readonly reduce_max: { readonly axis: number };
  readonly reduce_min: { readonly axis: number };
  /** Inclusive running sum, int64 or float. */
  readonly cumsum: { readonly axis: number };
  /** bool of x's shape: the k largest along the last axis, lowest index first among equals. */
  readonly is_top: { readonly k: number };
  /** int64 [..., k]: the indices of those, the largest first. */
  readonly argtop: { readonly k: number };

  readonly reshape: { readonly shape: readonly Dim[] };
  readonly transpose: { readonly perm: readonly number[] };
  /** start <= i < stop by step > 0 along axis; bounds count from 0. */
  readonly slice: { readonly axis: number; readonly start: Dim; readonly stop: Dim; readonly step: number };
  /** Any number of inputs. */
  readonly concat: { readonly axis: number };
  /** n inputs of one type [s...] -> [n, s...] */
  readonly stack: Nothing;
  readonly broadcast: { readonly shape: readonly Dim[] };
  /** (table [n, s...], ids int64 [i...]) -> [i..., s...] */
  readonly gather: Nothing;
  /** (x [B, N, s...], index int64 [B, M]) -> [B, M, s...]: per row of the batch. */
  readonly take_along: Nothing;
  /** (x [..., n], index int64 [..., k]) -> [..., k]: along the last axis. */
  readonly pick: Nothing;
  /** numpy's matmul with broadcast batch axes; both of rank >= 2. */
  readonly matmul: Nothing;
  /**
   * (x [B, T, 1 or K, m], choice int64 [B, T, K], weights...) -> [B, T, K, n]: each place times the matrix of the expert that it
   * chose. The weights are E matrices [m, n], or one [E, m, n]; [n, m] when transposed. They may be narrower than x.
   */
  readonly expert_matmul: { readonly transposed: boolean };
  /** (buffer, rows, at int64 rank 0) -> buffer with rows written at `at` along axis; functional. */
  readonly write: { readonly axis: number };
}
export type Primitive = keyof PrimitiveAttrs;

/** A program inside an op, identified by a number; only the compiler knows its content. */
export interface Inner {
  readonly inner: number;
}

/** Attribute values: they print canonically, so equal nodes have equal text. */
export type Attr = number | string | boolean | null | Dim | Tensor | Inner | readonly Attr[];
export type Attrs = Readonly<Record<string, Attr>>;

/** Builds values of any notion `V`: graph nodes, patterns, tensors. */
export interface Emit<V> {
  make<P extends Primitive>(op: P, inputs: readonly V[], attrs: PrimitiveAttrs[P]): V;
  typeOf(value: V): TensorType<GraphDType>;
}

/** A shape rule: the result's type, or why there is none, as text to quote. */
export type Infer<A> = (
  inputs: readonly TensorType<GraphDType>[],
  attrs: A,
) => TensorType<GraphDType> | string;

/** What an op means, in primitives over any notion of value. */
export type Meaning<A> = <V>(e: Emit<V>, inputs: readonly V[], attrs: A) => V;

/** Constants and widths near a place where an op may have been written out. */
export interface Nearby {
  /** Values of constants. */
  readonly numbers: readonly number[];
  /** Sizes of last axes. */
  readonly widths: readonly number[];
}

/** How an op that was written out by hand is recognised: the patterns are `decompose` and the variants, on the candidates below. */
export interface Recognise<A extends Attrs> {
  readonly attrs: (nearby: Nearby) => readonly A[];
  /** Types of the inputs behind a result of this type, each list a try; one input of the result's own type when left out. */
  readonly inputs?: (
    result: TensorType<GraphDType>,
    nearby: Nearby,
  ) => readonly (readonly TensorType<GraphDType>[])[];
  readonly variants?: readonly Variant<A>[];
}

/** Another way in which people write an op. */
export interface Variant<A> {
  readonly means: Meaning<A>;
  /** The inputs of the op, where they are not those of the pattern. */
  readonly given?: <V>(e: Emit<V>, inputs: readonly V[]) => readonly V[];
}

/** An axis of an operand, or `whole` when all of it goes into every place of the result. */
export type Source = number | 'whole';

/** A composite op, declared whole in one file under `ops/`. */
export interface Op<A extends Attrs = Attrs> {
  readonly name: string;
  readonly doc: string;
  /** Names of the inputs, for printing; a trailing `?` marks one that may be absent (then it is not passed at all). */
  readonly inputs: readonly string[];
  /** For an op that a plugin adds, its attributes by their names in a call, with their defaults. */
  readonly attrs?: Readonly<Record<string, number>>;
  readonly infer: Infer<A>;
  decompose<V>(e: Emit<V>, inputs: readonly V[], attrs: A): V;
  /** Where an axis of the result lies in each input, for an axis of which the steps of `decompose` do not show it. */
  readonly sources?: (
    axis: number,
    inputs: readonly TensorType<GraphDType>[],
    attrs: A,
  ) => readonly Source[] | undefined;
  /** Bounds of the result, where the steps of `decompose` show fewer: those of x * sigmoid(x) do not tell that it ends below. */
  readonly bounds?: Bounds<A>;
  /** How it is found where it was written out, or a sentence on why it is not; an op of a plugin that says nothing is not. */
  readonly recognise?: Recognise<A> | string;
}

export const defineOp = <A extends Attrs>(op: Op<A>): Op<A> => op;

/** One of ours, under `spec/ops/`, says everything. */
interface OwnOp<A extends Attrs> extends Op<A> {
  readonly recognise: Recognise<A> | string;
}
export const ownOp = <A extends Attrs>(op: OwnOp<A>): Op<A> => op;

type UnaryName =
  | 'neg'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'rsqrt'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'sigmoid'
  | 'relu'
  | 'erf'
  | 'abs'
  | 'not';

/** Short spellings over `Emit`, so that `decompose` reads like the formula. */
export function words<V>(e: Emit<V>) {
  const unary =
    (op: UnaryName) =>
    (x: V): V =>
      e.make(op, [x], {});
  const binary =
    (op: 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'min' | 'max' | 'eq' | 'lt' | 'le' | 'and' | 'or') =>
    (a: V, b: V): V =>
      e.make(op, [a, b], {});
  return {
    neg: unary('neg'),
    exp: unary('exp'),
    log: unary('log'),
    sqrt: unary('sqrt'),
    rsqrt: unary('rsqrt'),
    sin: unary('sin'),
    cos: unary('cos'),
    tanh: unary('tanh'),
    sigmoid: unary('sigmoid'),
    relu: unary('relu'),
    erf: unary('erf'),
    abs: unary('abs'),
    not: unary('not'),
    add: binary('add'),
    sub: binary('sub'),
    mul: binary('mul'),
    div: binary('div'),
    pow: binary('pow'),
    min: binary('min'),
    max: binary('max'),
    eq: binary('eq'),
    lt: binary('lt'),
    le: binary('le'),
    and: binary('and'),
    or: binary('or'),
    where: (c: V, a: V, b: V): V => e.make('where', [c, a, b], {}),
    /** A rank-0 constant of the dtype of `like`. */
    scalar: (value: number, like: V): V => e.make('scalar', [], { value, dtype: e.typeOf(like).dtype }),
    cast: (x: V, dtype: GraphDType): V => (e.typeOf(x).dtype === dtype ? x : e.make('cast', [x], { dtype })),
    sum: (x: V, axis: number): V => e.make('reduce_sum', [x], { axis }),
    mean: (x: V, axis: number): V => e.make('reduce_mean', [x], { axis }),
    largest: (x: V, axis: number): V => e.make('reduce_max', [x], { axis }),
    reshape: (x: V, shape: readonly Dim[]): V => e.make('reshape', [x], { shape }),
    transpose: (x: V, perm: readonly number[]): V => e.make('transpose', [x], { perm }),
    slice: (x: V, axis: number, start: Dim, stop: Dim, step = 1): V =>
      e.make('slice', [x], { axis, start, stop, step }),
    concat: (xs: readonly V[], axis: number): V => e.make('concat', xs, { axis }),
    matmul: (a: V, b: V): V => e.make('matmul', [a, b], {}),
    rank: (x: V): number => e.typeOf(x).shape.length,
    /** Reductions need a non-negative axis; patterns, whose rank is unknown, report rank 0 and match any last axis. */
    last: (x: V): number => Math.max(0, e.typeOf(x).shape.length - 1),
  };
}
