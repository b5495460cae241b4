/** Primitives along one axis: sums and the like, accumulated in double. */

import { size } from '../dim.ts';
import { storeInto } from '../round.ts';
import { empty, type Tensor } from '../tensor.ts';
import { always, type Bounds, ofFirst, unbounded } from './bounds.ts';
import {
  around,
  axisOf,
  first,
  isFloat,
  never,
  type Row,
  type Settles,
  unpaired,
  withSize,
  zero,
} from './row.ts';

type Fold = (sum: number, x: number) => number;

function reduce(
  doc: string,
  start: number,
  fold: Fold,
  end: (sum: number, n: number) => number,
  {
    floats = false,
    settles = first,
    bounds = ofFirst,
  }: {
    readonly floats?: boolean;
    readonly settles?: Settles<unknown>;
    readonly bounds?: Bounds<unknown>;
  } = {},
): Row<'reduce_sum'> {
  return {
    arity: 1,
    doc: `${doc} along axis, which is kept with size 1`,
    ...unpaired,
    axes: 'along',
    elements: 'computed',
    settles,
    bounds,
    infer([x], { axis }) {
      if (x!.dtype === 'bool' || (floats && !isFloat(x!.dtype))) return `takes float, found ${x!.dtype}`;
      return axisOf(x!, axis) ?? { dtype: x!.dtype, shape: withSize(x!.shape, axis, size(1)) };
    },
    evaluate([x], { axis }) {
      const [outer, n, inner] = around(x!.shape, axis);
      const y = empty(
        x!.dtype,
        x!.shape.map((s, i) => (i === axis ? 1 : s)),
      );
      const store = storeInto(y);
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let sum = start;
          for (let j = 0; j < n; j++) sum = fold(sum, x!.data[(o * n + j) * inner + i]!);
          store(o * inner + i, end(sum, n));
        }
      }
      return y;
    },
  };
}

const cumsum: Row<'cumsum'> = {
  arity: 1,
  doc: 'running sum along axis, own element included',
  ...unpaired,
  axes: 'along',
  elements: 'computed',
  settles: zero,
  bounds: unbounded,
  infer: ([x], { axis }) => (x!.dtype === 'bool' ? 'takes numbers, found bool' : (axisOf(x!, axis) ?? x!)),
  evaluate([x], { axis }) {
    const [outer, n, inner] = around(x!.shape, axis);
    const y = empty(x!.dtype, x!.shape);
    const store = storeInto(y);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) {
          const at = (o * n + j) * inner + i;
          sum += x!.data[at]!;
          store(at, sum);
        }
      }
    }
    return y;
  },
};

const is_top: Row<'is_top'> = {
  arity: 1,
  doc: 'true for the k largest along the last axis, the lowest index first among equals',
  ...unpaired,
  axes: 'last',
  elements: 'computed',
  settles: never,
  bounds: always,
  infer([x]) {
    if (x!.dtype === 'bool') return 'takes numbers, found bool';
    return x!.shape.length > 0 ? { dtype: 'bool', shape: x!.shape } : 'x must have an axis';
  },
  evaluate([x], { k }) {
    const y = empty('bool', x!.shape);
    const n = x!.shape.at(-1)!;
    for (let start = 0; start < y.data.length; start += n) {
      for (const i of topOf(x!, start, n).slice(0, k)) y.data[i] = 1;
    }
    return y;
  },
};

const argtop: Row<'argtop'> = {
  arity: 1,
  doc: 'where the k largest are along the last axis, the largest first, the lowest index first among equals',
  ...unpaired,
  axes: 'last',
  elements: 'computed',
  settles: never,
  bounds: always,
  infer([x], { k }) {
    if (x!.dtype === 'bool') return 'takes numbers, found bool';
    if (x!.shape.length === 0) return 'x must have an axis';
    return { dtype: 'int64', shape: withSize(x!.shape, x!.shape.length - 1, size(k)) };
  },
  evaluate([x], { k }) {
    const y = empty('int64', [...x!.shape.slice(0, -1), k]);
    const n = x!.shape.at(-1)!;
    for (let row = 0; row * n < x!.data.length; row++) {
      topOf(x!, row * n, n)
        .slice(0, k)
        .forEach((place, i) => {
          y.data[row * k + i] = place - row * n;
        });
    }
    return y;
  },
};

/** Places of a row's elements, the largest first, the lowest index first among equals. */
function topOf({ data }: Tensor, start: number, n: number): readonly number[] {
  const row = Array.from({ length: n }, (_, i) => start + i);
  return row.sort((a, b) => data[b]! - data[a]! || a - b);
}

const keep = (sum: number): number => sum;

export const reductions = {
  reduce_sum: reduce('sum', 0, (s, x) => s + x, keep, { settles: zero, bounds: unbounded }),
  reduce_mean: reduce(
    'mean',
    0,
    (s, x) => s + x,
    (s, n) => s / n,
    { floats: true },
  ),
  reduce_max: reduce('largest', -Infinity, (s, x) => (x > s || Number.isNaN(x) ? x : s), keep),
  reduce_min: reduce('smallest', Infinity, (s, x) => (x < s || Number.isNaN(x) ? x : s), keep),
  cumsum,
  is_top,
  argtop,
};
