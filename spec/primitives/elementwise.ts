/** Primitives that work on each element alone: computed in double, rounded once. */

import { storeInto } from '../round.ts';
import { empty, type Tensor } from '../tensor.ts';
import type { GraphDType } from '../type.ts';
import { erf } from './erf.ts';
import {
  broadcastDims,
  broadcastOffsets,
  broadcastShapes,
  isFloat,
  type Row,
  type Settles,
  type Type,
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

function unary(what: Accepts, doc: string, f: (x: number) => number): Row<'neg'> {
  return {
    arity: 1,
    doc,
    axes: 'each',
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

function binary(
  what: Accepts,
  doc: string,
  f: (x: number, y: number) => number,
  alone: readonly Alone[] = [],
): Row<'add'> {
  return {
    arity: 2,
    doc,
    axes: 'each',
    settles: settledBy(f, alone),
    infer: ([a, b]) => inferBinary(a!, b!, what),
    evaluate: ([a, b]) => zip(a!, b!, a!.dtype, f),
  };
}

function compare(what: Accepts, doc: string, f: (x: number, y: number) => boolean): Row<'eq'> {
  return {
    arity: 2,
    doc,
    axes: 'each',
    settles: settledBy((x, y) => Number(f(x, y))),
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
  axes: 'each',
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
  axes: 'each',
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

const zeros: readonly Alone[] = [0, 1].map((operand) => [operand, 0, 0]);
const ofZero: readonly Alone[] = [[0, 0, 0]];
/** What a mask wrote stays, beside numbers that are finite. */
const ofHidden: readonly Alone[] = [[0, -Infinity, -Infinity]];

export const elementwise = {
  neg: unary('number', '-x', (x) => -x),
  abs: unary('number', 'the size of x without its sign', Math.abs),
  exp: unary('float', 'e ** x', Math.exp),
  log: unary('float', 'natural logarithm', Math.log),
  sqrt: unary('float', 'square root', Math.sqrt),
  rsqrt: unary('float', '1 / sqrt(x)', (x) => 1 / Math.sqrt(x)),
  sin: unary('float', 'sine', Math.sin),
  cos: unary('float', 'cosine', Math.cos),
  tanh: unary('float', 'hyperbolic tangent', Math.tanh),
  sigmoid: unary('float', '1 / (1 + exp(-x))', (x) => 1 / (1 + Math.exp(-x))),
  relu: unary('number', 'max(x, 0)', (x) => Math.max(x, 0)),
  erf: unary('float', 'Gauss error function', erf),
  floor: unary('float', 'the next whole number below', Math.floor),
  not: unary('bool', 'logical negation', (x) => 1 - x),
  add: binary('number', 'a + b', (a, b) => a + b, ofHidden),
  sub: binary('number', 'a - b', (a, b) => a - b, ofHidden),
  mul: binary('number', 'a * b', (a, b) => a * b, zeros),
  div: binary('float', 'a / b', (a, b) => a / b, ofZero),
  floordiv: binary('number', 'a / b, floored', (a, b) => Math.floor(a / b), ofZero),
  mod: binary(
    'number',
    'what floordiv leaves, with the sign of b',
    (a, b) => a - b * Math.floor(a / b),
    ofZero,
  ),
  pow: binary('float', 'a ** b', (a, b) => a ** b),
  min: binary('number', 'the smaller of a and b', (a, b) => Math.min(a, b)),
  max: binary('number', 'the larger of a and b', (a, b) => Math.max(a, b)),
  eq: compare('any', 'a == b', (a, b) => a === b),
  lt: compare('number', 'a < b', (a, b) => a < b),
  le: compare('number', 'a <= b', (a, b) => a <= b),
  and: binary('bool', 'both hold', (a, b) => a & b, zeros),
  or: binary('bool', 'one holds at least', (a, b) => a | b),
  where,
  cast,
};
