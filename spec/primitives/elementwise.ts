/** Primitives that work on each element alone: computed in double, rounded once. */

import { storeInto } from '../round.ts';
import { empty, type Tensor } from '../tensor.ts';
import type { GraphDType } from '../type.ts';
import {
  all,
  always,
  type Bounds,
  both,
  fromBelow,
  isBounded,
  onlyBelow,
  onlyBoth,
  unbounded,
} from './bounds.ts';
import { erf } from './erf.ts';
import {
  broadcastDims,
  broadcastOffsets,
  broadcastShapes,
  isFloat,
  type Neutral,
  type Row,
  type Settles,
  type Type,
  unpaired,
} from './row.ts';

type Accepts = 'float' | 'number' | 'bool' | 'any';
const accepts: Readonly<Record<Accepts, (d: GraphDType) => boolean>> = {
  float: isFloat,
  number: (d) => d !== 'bool',
  bool: (d) => d === 'bool',
  any: () => true,
};

/** A value of one operand that settles the result, whatever the others are. */
type Alone = readonly [operand: number, value: number, result: number];

const settledBy =
  (f: (...x: number[]) => number, alone: readonly Alone[] = []): Settles<unknown> =>
  (values) => {
    const known = values.filter((x) => x !== undefined);
    if (known.length === values.length) return f(...known);
    return alone.find(([operand, value]) => values[operand] === value)?.[2];
  };

const each = { axes: 'each', elements: 'computed' } as const;

/** Such a value of either operand gives what it gives beside zero. */
const beside = (f: (x: number, y: number) => number, values: readonly number[]): readonly Alone[] =>
  values.flatMap((value): readonly Alone[] => [
    [0, value, f(value, 0)],
    [1, value, f(0, value)],
  ]);

function unary(what: Accepts, doc: string, f: (x: number) => number, bounds: Bounds<unknown>): Row<'neg'> {
  return {
    ...unpaired,
    ...each,
    arity: 1,
    doc,
    bounds,
    settles: settledBy(f),
    infer: ([x]) => (accepts[what](x!.dtype) ? x! : `takes ${what}, found ${x!.dtype}`),
    evaluate([x]) {
      const y = empty(x!.dtype, x!.shape);
      const store = storeInto(y);
      for (let i = 0; i < y.data.length; i++) store(i, f(x!.data[i]!));
      return y;
    },
  };
}

/** The element-by-element result of two broadcast operands. */
function zip(a: Tensor, b: Tensor, dtype: GraphDType, f: (x: number, y: number) => number): Tensor {
  const y = empty(dtype, broadcastShapes(a.shape, b.shape));
  const store = storeInto(y);
  const [ia, ib] = [broadcastOffsets(a.shape, y.shape), broadcastOffsets(b.shape, y.shape)];
  for (let i = 0; i < y.data.length; i++) store(i, f(a.data[ia ? ia[i]! : i]!, b.data[ib ? ib[i]! : i]!));
  return y;
}

function inferBinary(a: Type, b: Type, what: Accepts): Type | string {
  if (a.dtype !== b.dtype) return `dtypes ${a.dtype} and ${b.dtype} differ`;
  if (!accepts[what](a.dtype)) return `takes ${what}, found ${a.dtype}`;
  const shape = broadcastDims(a.shape, b.shape);
  return typeof shape === 'string' ? shape : { dtype: a.dtype, shape };
}

interface Pair {
  readonly bounds: Bounds<unknown>;
  readonly neutral: Neutral;
  readonly commutes: boolean;
  readonly alone?: readonly Alone[];
}

function binary(
  what: Accepts,
  doc: string,
  f: (x: number, y: number) => number,
  { alone = [], ...pair }: Pair,
): Row<'add'> {
  return {
    ...each,
    ...pair,
    arity: 2,
    doc,
    settles: settledBy(f, alone),
    infer: ([a, b]) => inferBinary(a!, b!, what),
    evaluate: ([a, b]) => zip(a!, b!, a!.dtype, f),
  };
}

function compare(
  what: Accepts,
  doc: string,
  f: (x: number, y: number) => boolean,
  commutes: boolean,
): Row<'eq'> {
  const holds = (x: number, y: number): number => Number(f(x, y));
  return {
    ...each,
    arity: 2,
    doc,
    bounds: always,
    neutral: [],
    commutes,
    settles: settledBy(holds, beside(holds, [Infinity, -Infinity])),
    infer([a, b]) {
      const type = inferBinary(a!, b!, what);
      return typeof type === 'string' ? type : { dtype: 'bool', shape: type.shape };
    },
    evaluate: ([a, b]) => zip(a!, b!, 'bool', (x, y) => (f(x, y) ? 1 : 0)),
  };
}

const where: Row<'where'> = {
  arity: 3,
  doc: 'a where the condition holds, else b; all three broadcast',
  ...unpaired,
  ...each,
  bounds: ([, a, b]) => all([a!, b!], {}),
  settles: ([c, a, b]) => (c === undefined ? (a === b ? a : undefined) : c ? a : b),
  infer([c, a, b]) {
    if (c!.dtype !== 'bool') return `the condition must be bool, found ${c!.dtype}`;
    const type = inferBinary(a!, b!, 'any');
    if (typeof type === 'string') return type;
    const shape = broadcastDims(c!.shape, type.shape);
    return typeof shape === 'string' ? shape : { dtype: type.dtype, shape };
  },
  evaluate([c, a, b]) {
    const shape = broadcastShapes(broadcastShapes(a!.shape, b!.shape), c!.shape);
    const y = empty(a!.dtype, shape);
    const [ic, ia, ib] = [c!, a!, b!].map((t) => broadcastOffsets(t.shape, shape));
    for (let i = 0; i < y.data.length; i++) {
      y.data[i] = c!.data[ic ? ic[i]! : i] ? a!.data[ia ? ia[i]! : i]! : b!.data[ib ? ib[i]! : i]!;
    }
    return y;
  },
};

const castTo = (dtype: GraphDType): ((x: number) => number) =>
  dtype === 'int64' ? Math.trunc : dtype === 'bool' ? (x) => (x === 0 ? 0 : 1) : Number;

const cast: Row<'cast'> = {
  arity: 1,
  doc: 'x in another dtype; to int64 it truncates, to bool it asks for non-zero',
  ...unpaired,
  axes: 'each',
  elements: 'converted',
  bounds: (inputs, { dtype }) => (dtype === 'bool' ? both : all(inputs, {})),
  settles: ([x], { dtype }) => (x === undefined ? undefined : castTo(dtype)(x)),
  infer: ([x], { dtype }) => ({ dtype, shape: x!.shape }),
  evaluate([x], { dtype }) {
    const y = empty(dtype, x!.shape);
    const store = storeInto(y);
    const f = castTo(dtype);
    for (let i = 0; i < y.data.length; i++) store(i, f(x!.data[i]!));
    return y;
  },
};

const minus = (a: number, b: number): number => a - b;

/** A value that the result has wherever either operand has it. */
const ofEither = (value: number): readonly Alone[] => [0, 1].map((operand) => [operand, value, value]);
/** Infinity, which a mask has written, stays infinity when a finite number is added. */
const ofSum = [...ofEither(Infinity), ...ofEither(-Infinity)];
const ofQuotient: readonly Alone[] = [
  [0, 0, 0],
  [1, Infinity, 0],
  [1, -Infinity, 0],
];
const ofPower: readonly Alone[] = [
  [0, 1, 1],
  [1, 0, 1],
];

/** Of a difference: as far below as a is, and as far as b is above. */
const ofDifference: Bounds<unknown> = ([a, b]) => ({
  below: a!.below && b!.above,
  above: a!.above && b!.below,
});
const ofSmaller: Bounds<unknown> = ([a, b]) => ({
  below: a!.below && b!.below,
  above: a!.above || b!.above,
});
const ofLarger: Bounds<unknown> = ([a, b]) => ({
  below: a!.below || b!.below,
  above: a!.above && b!.above,
});
const opposite: Bounds<unknown> = ([x]) => ({ below: x!.above, above: x!.below });
const ofSize: Bounds<unknown> = ([x]) => ({ below: true, above: isBounded(x!) });
const onlyAbove: Bounds<unknown> = ([x]) => ({ below: false, above: x!.above });
/** A remainder lies between zero and the divisor. */
const ofDivisor: Bounds<unknown> = ([, b]) => b!;

export const elementwise = {
  neg: unary('number', '-x', (x) => -x, opposite),
  abs: unary('number', 'the size of x without its sign', Math.abs, ofSize),
  exp: unary('float', 'e ** x', Math.exp, onlyBelow), // of a moderate x it is too large for any dtype
  log: unary('float', 'natural logarithm', Math.log, onlyAbove),
  sqrt: unary('float', 'square root', Math.sqrt, fromBelow),
  rsqrt: unary('float', '1 / sqrt(x)', (x) => 1 / Math.sqrt(x), onlyBelow),
  sin: unary('float', 'sine', Math.sin, always),
  cos: unary('float', 'cosine', Math.cos, always),
  tanh: unary('float', 'hyperbolic tangent', Math.tanh, always),
  sigmoid: unary('float', '1 / (1 + exp(-x))', (x) => 1 / (1 + Math.exp(-x)), always),
  relu: unary('number', 'max(x, 0)', (x) => Math.max(x, 0), fromBelow),
  erf: unary('float', 'Gauss error function', erf, always),
  floor: unary('float', 'the next whole number below', Math.floor, all),
  not: unary('bool', 'logical negation', (x) => 1 - x, always),
  add: binary('number', 'a + b', (a, b) => a + b, {
    neutral: [0, 0],
    commutes: true,
    bounds: all,
    alone: ofSum,
  }),
  sub: binary('number', 'a - b', minus, {
    neutral: [undefined, 0],
    commutes: false,
    bounds: ofDifference,
    alone: beside(minus, [Infinity, -Infinity]),
  }),
  mul: binary('number', 'a * b', (a, b) => a * b, {
    neutral: [1, 1],
    commutes: true,
    bounds: onlyBoth,
    alone: ofEither(0),
  }),
  div: binary('float', 'a / b', (a, b) => a / b, {
    neutral: [undefined, 1],
    commutes: false,
    bounds: unbounded,
    alone: ofQuotient,
  }),
  floordiv: binary('number', 'a / b, floored', (a, b) => Math.floor(a / b), {
    neutral: [],
    commutes: false,
    bounds: unbounded,
    alone: ofQuotient,
  }),
  mod: binary('number', 'what floordiv leaves, with the sign of b', (a, b) => a - b * Math.floor(a / b), {
    neutral: [],
    commutes: false,
    bounds: ofDivisor,
    alone: [[0, 0, 0]],
  }),
  pow: binary('float', 'a ** b', (a, b) => a ** b, {
    neutral: [undefined, 1],
    commutes: false,
    bounds: unbounded,
    alone: ofPower,
  }),
  min: binary('number', 'the smaller of a and b', (a, b) => Math.min(a, b), {
    neutral: [Infinity, Infinity],
    commutes: true,
    bounds: ofSmaller,
    alone: ofEither(-Infinity),
  }),
  max: binary('number', 'the larger of a and b', (a, b) => Math.max(a, b), {
    neutral: [-Infinity, -Infinity],
    commutes: true,
    bounds: ofLarger,
    alone: ofEither(Infinity),
  }),
  eq: compare('any', 'a == b', (a, b) => a === b, true),
  lt: compare('number', 'a < b', (a, b) => a < b, false),
  le: compare('number', 'a <= b', (a, b) => a <= b, false),
  and: binary('bool', 'both hold', (a, b) => a & b, {
    neutral: [1, 1],
    commutes: true,
    bounds: always,
    alone: ofEither(0),
  }),
  or: binary('bool', 'one holds at least', (a, b) => a | b, {
    neutral: [0, 0],
    commutes: true,
    bounds: always,
    alone: ofEither(1),
  }),
  where,
  cast,
};
