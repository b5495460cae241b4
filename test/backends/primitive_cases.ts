/** Calls of every primitive, with operands small enough to read, for the backends to be held to. */

import type { Graph } from '../../compiler/graph/ir.ts';
import type { Feeds } from '../../compiler/ports/session.ts';
import { add, atom, type Dim, mul, size } from '../../spec/dim.ts';
import type { Primitive } from '../../spec/op.ts';
import { type Tensor, tensor } from '../../spec/tensor.ts';
import type { GraphDType } from '../../spec/type.ts';
import { B, dims, ids, noise, P, sketch, T, typed } from '../compiler/tiny_graph.ts';

/** An operand: its symbolic shape, and what is fed. */
interface Operand {
  readonly shape: readonly (number | Dim)[];
  readonly value: Tensor;
}
export interface Case {
  readonly operands: readonly Operand[];
  readonly attrs?: Readonly<Record<string, unknown>>;
  /** Sizes that no operand shows. */
  readonly sizes?: Operand;
}

const S = atom('S');
const real = (seed: number, shape: readonly (number | Dim)[], ...fed: number[]): Operand => ({
  shape,
  value: noise(seed, 'float32', ...fed),
});
const positive = (seed: number, ...fed: number[]): Operand => {
  const { value } = real(seed, fed, ...fed);
  return {
    shape: fed,
    value: tensor(
      'float32',
      fed,
      value.data.map((x) => Math.abs(x) + 0.25),
    ),
  };
};
const whole = (shape: readonly (number | Dim)[], fed: readonly number[], ...values: number[]): Operand => ({
  shape,
  value: tensor('int64', fed, values),
});
const flags = (shape: readonly (number | Dim)[], fed: readonly number[], ...values: number[]): Operand => ({
  shape,
  value: tensor('bool', fed, values),
});

const x = real(1, [B, T, 5], 2, 3, 5);
const unary: readonly Case[] = [{ operands: [x] }];
const pair: readonly Case[] = [
  { operands: [x, positive(2, 5)] },
  { operands: [real(3, [B, 1, 4], 2, 1, 4), real(4, [T, 1], 3, 1)] },
];
const signed = whole([7], [7], 7, -7, 7, -7, 0, 6, -6);
const divisors = whole([7], [7], 3, 3, -3, -3, 3, 3, -2);
const wholes: Case = { operands: [signed, divisors] };
const bools: readonly Case[] = [
  { operands: [flags([B, 3], [2, 3], 0, 1, 1, 1, 0, 0), flags([3], [3], 1, 0, 0)] },
];
const compared: readonly Case[] = [
  { operands: [whole([B, 3], [2, 3], 1, 2, 3, 4, 5, 6), whole([3], [3], 3, 2, 5)] },
  { operands: [real(5, [B, 3], 2, 3), real(5, [3], 3)] },
];
const along = (axis: number): Case => ({ operands: [x], attrs: { axis } });
const shown: Operand = whole([B, T], [2, 3], 0, 0, 0, 0, 0, 0);
const ints = whole([B, 4], [2, 4], 3, -1, 4, 1, -5, 9, 2, 6);

/** Six places of tokens choose two each; `rows` of x for each token. */
function experts(count: number, transposed: boolean, rows: 1 | 2): Case {
  const matrix = transposed ? [4, 5] : [5, 4];
  const choice = { shape: [B, T, 2], value: ids(28, count, 2, 3, 2) };
  const weights = real(29, [count, ...matrix], count, ...matrix);
  return { operands: [real(27, [B, T, rows, 5], 2, 3, rows, 5), choice, weights], attrs: { transposed } };
}

export const cases: Readonly<Record<Primitive, readonly Case[]>> = {
  scalar: [
    { operands: [], attrs: { value: 0.1, dtype: 'float32' } },
    { operands: [], attrs: { value: -7, dtype: 'int64' } },
    { operands: [], attrs: { value: 1, dtype: 'bool' } },
    { operands: [], attrs: { value: -(2 ** -24), dtype: 'float16' } },
  ],
  constant: [
    { operands: [], attrs: { tensor: noise(6, 'float32', 2, 3) } },
    { operands: [], attrs: { tensor: tensor('int64', [3], [2 ** 40, -1, 0]) } },
  ],
  size: [
    { operands: [], sizes: shown, attrs: { dim: add(mul(B, T), size(4)) } },
    { operands: [], sizes: whole([add(P, T), P], [3, 1], 0, 0, 0), attrs: { dim: add(P, mul(T, T)) } },
  ],
  iota: [
    { operands: [], sizes: shown, attrs: { size: T } },
    { operands: [], attrs: { size: size(5) } },
  ],
  neg: [...unary, { operands: [signed] }],
  abs: [...unary, { operands: [signed] }],
  exp: unary,
  log: [{ operands: [positive(7, 4, 3)] }],
  sqrt: [{ operands: [positive(7, 4, 3)] }],
  rsqrt: [{ operands: [positive(7, 4, 3)] }],
  sin: unary,
  cos: unary,
  tanh: unary,
  sigmoid: unary,
  relu: [...unary, { operands: [signed] }],
  erf: unary,
  floor: [
    {
      operands: [
        {
          ...x,
          value: tensor(
            'float32',
            [2, 3, 5],
            x.value.data.map((v) => 4 * v),
          ),
        },
      ],
    },
  ],
  not: [{ operands: [flags([4], [4], 0, 1, 1, 0)] }],
  add: [...pair, wholes],
  sub: [...pair, wholes],
  mul: [...pair, wholes],
  div: pair.slice(0, 1),
  floordiv: [wholes, ...pair.slice(0, 1)],
  mod: [wholes, ...pair.slice(0, 1)],
  pow: [{ operands: [positive(8, 3, 2), real(9, [2], 2)] }],
  min: [...pair, wholes],
  max: [...pair, wholes],
  eq: [...compared, ...bools],
  lt: compared,
  le: compared,
  and: bools,
  or: bools,
  where: [
    { operands: [flags([T, 1], [3, 1], 0, 1, 0), x, real(10, [5], 5)] },
    { operands: [flags([3], [3], 0, 1, 0), ...bools[0]!.operands] },
    { operands: [flags([7], [7], 0, 1, 0, 1, 1, 0, 1), signed, divisors] },
  ],
  cast: [
    {
      operands: [
        {
          ...x,
          value: tensor(
            'float32',
            [2, 3, 5],
            x.value.data.map((v) => 4 * v),
          ),
        },
      ],
      attrs: { dtype: 'int64' },
    },
    { operands: [signed], attrs: { dtype: 'float32' } },
    { operands: [signed], attrs: { dtype: 'bool' } },
    { operands: bools[0]!.operands.slice(0, 1), attrs: { dtype: 'int64' } },
    { operands: [x], attrs: { dtype: 'float16' } },
  ],
  reduce_sum: [along(1), along(2), { operands: [ints], attrs: { axis: 1 } }],
  reduce_mean: [along(0), along(2)],
  reduce_max: [along(1), { operands: [ints], attrs: { axis: 1 } }],
  reduce_min: [along(2), { operands: [ints], attrs: { axis: 0 } }],
  cumsum: [along(1), { operands: [ints], attrs: { axis: 1 } }],
  is_top: [
    { operands: [x], attrs: { k: 2 } },
    { operands: [whole([B, 4], [2, 4], 1, 3, 3, 3, 2, 2, 2, 2)], attrs: { k: 2 } },
  ],
  argtop: [
    { operands: [x], attrs: { k: 2 } },
    { operands: [whole([B, 4], [2, 4], 1, 3, 3, 3, 2, 2, 2, 2)], attrs: { k: 3 } },
  ],
  reshape: [
    { operands: [real(11, [B, T, 6], 2, 3, 6)], attrs: { shape: dims([B, T, 2, 3]) } },
    { operands: [real(11, [B, T, 6], 2, 3, 6)], attrs: { shape: dims([mul(B, T), 6]) } },
    { operands: [real(12, [mul(B, T), 6], 6, 6)], attrs: { shape: dims([B, T, 6]) }, sizes: shown },
    { operands: [real(13, [B, P, 2], 2, 0, 2)], attrs: { shape: dims([B, 1, P, 2]) }, sizes: shown },
    { operands: [real(13, [1, 1], 1, 1)], attrs: { shape: [] } },
  ],
  transpose: [{ operands: [x], attrs: { perm: [2, 0, 1] } }],
  slice: [
    { operands: [x], attrs: { axis: 2, start: size(1), stop: size(5), step: 2 } },
    { operands: [x], attrs: { axis: 1, start: add(T, size(-1)), stop: T, step: 1 } },
  ],
  concat: [
    { operands: [x, real(14, [B, P, 5], 2, 0, 5), real(15, [B, 1, 5], 2, 1, 5)], attrs: { axis: 1 } },
    { operands: [signed], attrs: { axis: 0 } },
  ],
  stack: [{ operands: [x, real(15, [B, T, 5], 2, 3, 5), x] }, { operands: [signed] }],
  broadcast: [
    { operands: [real(16, [T, 1], 3, 1)], attrs: { shape: dims([B, T, 4]) }, sizes: shown },
    { operands: [flags([], [], 1)], attrs: { shape: dims([B, T]) }, sizes: shown },
  ],
  gather: [
    { operands: [real(17, [7, 3], 7, 3), { shape: [B, T], value: ids(18, 7, 2, 3) }] },
    { operands: [signed, { shape: [T], value: ids(19, 7, 3) }] },
  ],
  take_along: [
    { operands: [x, { shape: [B, 4], value: ids(20, 3, 2, 4) }] },
    { operands: [ints, { shape: [B, T], value: ids(21, 4, 2, 3) }] },
    { operands: [flags([B, 3], [2, 3], 0, 1, 1, 0, 1, 1), { shape: [B, T], value: ids(21, 3, 2, 3) }] },
  ],
  pick: [
    { operands: [x, { shape: [B, T, 3], value: ids(23, 5, 2, 3, 3) }] },
    { operands: [flags([B, 3], [2, 3], 0, 1, 1, 0, 1, 1), { shape: [B, 2], value: ids(21, 3, 2, 2) }] },
  ],
  expert_matmul: [
    // More choices than experts go one way, fewer the other.
    ...[false, true].flatMap((transposed) => [experts(3, transposed, 2), experts(24, transposed, 2)]),
    experts(3, true, 1),
    experts(24, false, 1),
    {
      operands: [
        real(27, [B, T, 1, 5], 2, 3, 1, 5),
        { shape: [B, T, 2], value: ids(28, 2, 2, 3, 2) },
        real(29, [4, 5], 4, 5),
        real(30, [4, 5], 4, 5),
      ],
      attrs: { transposed: true },
    },
  ],
  matmul: [
    { operands: [x, real(22, [5, 4], 5, 4)] },
    { operands: [real(23, [B, 2, T, 5], 2, 2, 3, 5), real(24, [B, 1, 5, 4], 2, 1, 5, 4)] },
  ],
  write: [
    {
      operands: [real(25, [B, 2, S, 3], 2, 2, 6, 3), real(26, [B, 2, T, 3], 2, 2, 3, 3), whole([], [], 2)],
      attrs: { axis: 2 },
    },
    {
      operands: [real(25, [B, S], 2, 6), real(26, [B, T], 2, 3), whole([], [], 3)],
      attrs: { axis: 1 },
    },
  ],
};

/** A graph of the one op; in a narrow dtype its float operands and its result are cast around it. */
export function oneOp(op: Primitive, { operands, attrs = {}, sizes }: Case, narrow?: GraphDType): Graph {
  const s = sketch(op);
  const given = operands.map(({ shape, value }, i) => {
    const input = s.input(`x${i}`, typed(value.dtype, ...shape));
    return narrow && value.dtype === 'float32' ? s.w.cast(input, narrow) : input;
  });
  if (sizes) s.input('sizes', typed(sizes.value.dtype, ...sizes.shape));
  // The table above gives each op the attributes of its own.
  const y = s.op(op, given, attrs as never);
  s.output('y', narrow && s.e.typeOf(y).dtype === narrow ? s.w.cast(y, 'float32') : y);
  return s.finish();
}

export const feedsOf = ({ operands, sizes }: Case): Feeds => ({
  ...Object.fromEntries(operands.map(({ value }, i) => [`x${i}`, value])),
  ...(sizes ? { sizes: sizes.value } : {}),
});

/** The same elements in reverse order, each changed. */
export function bent({ dtype, shape, data }: Tensor): Tensor {
  const change = {
    float32: (v: number) => 1.25 * v,
    int64: (v: number) => v - 1,
    bool: (v: number) => 1 - v,
  };
  const by = change[dtype as 'float32' | 'int64' | 'bool']; // the only dtypes of the table
  return tensor(dtype, shape, Array.from(data, by).reverse());
}
