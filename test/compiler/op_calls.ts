/** Calls of every op there is, what each gives on plain tensors, and how a result depends on the places of an operand. */

import { inferType } from '../../compiler/graph/builder.ts';
import { onePlace, type Typed } from '../../compiler/graph/token_axis.ts';
import { random } from '../../runtime/sample.ts';
import { type Dim, type Env, size } from '../../spec/dim.ts';
import type { Attrs, Emit, Source } from '../../spec/op.ts';
import { type Composite, opOf } from '../../spec/ops/index.ts';
import { evaluatePrimitive, isPrimitive } from '../../spec/primitives/index.ts';
import { empty, product, type Tensor } from '../../spec/tensor.ts';
import * as composites from '../backends/composite_cases.ts';
import * as primitives from '../backends/primitive_cases.ts';
import { B, noise, T, typed } from './tiny_graph.ts';

export interface Call extends Typed {
  /** `softmax 0`, for messages. */
  readonly name: string;
  readonly values: readonly Tensor[];
  readonly env: Env;
}

interface Case {
  readonly operands: readonly { readonly shape: readonly (number | Dim)[]; readonly value: Tensor }[];
  readonly attrs?: Readonly<Record<string, unknown>>;
}

/** Sizes of the tables' feeds, beside those that an operand shows. */
const usual: readonly (readonly [string, number])[] = [
  ['B', 2],
  ['T', 3],
];

function callOf(op: string, which: number, { operands, attrs = {} }: Case): Call {
  const types = operands.map(({ shape, value }) => typed(value.dtype, ...shape));
  const env = new Map(usual);
  for (const [i, { shape }] of types.entries()) {
    for (const [axis, { terms }] of shape.entries()) {
      const [[name] = ['']] = terms[0]?.powers ?? [];
      if (terms.length === 1 && terms[0]!.powers.length === 1) env.set(name, operands[i]!.value.shape[axis]!);
    }
  }
  const own = attrs as Attrs; // the tables give each op the attributes of its own
  const [values, type] = [operands.map((x) => x.value), inferType(op, types, own)];
  return { name: `${op} ${which}`, op, attrs: own, type, types, values, env };
}

const real = (seed: number) => ({
  shape: [B, T, 6],
  value: noise(seed, 'float32', 2, 3, 6),
});
const added: Readonly<Record<string, readonly Case[]>> = {
  softsign: [{ operands: [real(1)] }],
  shrink: [{ operands: [real(1)], attrs: { by: 0.2 } }],
  centred: [{ operands: [real(1)] }],
  projected: [{ operands: [real(1), { shape: [4, 6], value: noise(4, 'float32', 4, 6) }] }],
  gated: [
    { operands: [real(1), real(2)] },
    { operands: [real(1), { shape: [6], value: noise(3, 'float32', 6) }] },
  ],
};

/** Of every primitive, every composite, and ops that were added. */
export const calls = (): readonly Call[] =>
  Object.entries({ ...primitives.cases, ...composites.cases, ...added }).flatMap(([op, cases]) =>
    cases.map((one, i) => callOf(op, i, one)),
  );

export function apply(op: string, inputs: readonly Tensor[], attrs: Attrs, env: Env): Tensor {
  if (isPrimitive(op)) return evaluatePrimitive(op, inputs, attrs as never, env); // as in `callOf`
  const e: Emit<Tensor> = {
    make: (name, of, by) => evaluatePrimitive(name, of, by, env),
    typeOf: ({ dtype, shape }) => ({ dtype, shape: shape.map(size) }),
  };
  return opOf(op as Composite).decompose(e, inputs, attrs);
}

/** Some places along an axis, in this order. */
export function places(x: Tensor, axis: number, which: readonly number[]): Tensor {
  const y = empty(
    x.dtype,
    x.shape.map((n, i) => (i === axis ? which.length : n)),
  );
  const [outer, n, inner] = [
    product(x.shape.slice(0, axis)),
    x.shape[axis]!,
    product(x.shape.slice(axis + 1)),
  ];
  for (let o = 0; o < outer; o++) {
    for (const [to, from] of which.entries()) {
      const piece = x.data.subarray((o * n + from) * inner, (o * n + from + 1) * inner);
      y.data.set(piece, (o * which.length + to) * inner);
    }
  }
  return y;
}

export const equalTensors = (a: Tensor, b: Tensor): boolean =>
  a.shape.join() === b.shape.join() && a.data.every((v, i) => Object.is(v, b.data[i]) || v === b.data[i]);

const other: Readonly<Record<string, (v: number, next: () => number) => number>> = {
  float32: (v, next) => v + 20 * next() - 10,
  bool: (v) => 1 - v,
  int64: (v) => (v === 0 ? 1 : 0),
};

/** With the elements at one place along an axis changed. */
function bent(x: Tensor, axis: number, place: number, seed: number): Tensor {
  const y = empty(x.dtype, x.shape);
  y.data.set(x.data);
  const [next, inner] = [random(seed), product(x.shape.slice(axis + 1))];
  for (let i = 0; i < y.data.length; i++)
    if (Math.floor(i / inner) % x.shape[axis]! === place) y.data[i] = other[x.dtype]!(y.data[i]!, next);
  return y;
}

/** The op on one place of its operands along these axes, where it takes that. */
export function onOnePlace(
  { op, attrs, env, values, type, types }: Call,
  axis: number,
  sources: readonly Source[],
  place: number,
): Tensor | undefined {
  const node = onePlace({ id: 0, op, inputs: [], attrs, type }, axis);
  const one = values.map((x, i) => (sources[i] === 'whole' ? x : places(x, Number(sources[i]), [place])));
  const cut = types.map((t, i) =>
    sources[i] === 'whole' ? t : { ...t, shape: t.shape.with(Number(sources[i]), size(1)) },
  );
  try {
    inferType(op, cut, node.attrs);
    return apply(op, one, node.attrs, env);
  } catch {
    return undefined;
  }
}

/** Where one place of the result can be had from one place of operands, by trying every axis of which a place is heard there alone. */
export function possibleSources(call: Call, axis: number, result: Tensor): readonly Source[] | undefined {
  const n = result.shape[axis]!;
  const all = [...Array(n).keys()];
  const choices = call.values.map((x, i): readonly Source[] => [
    ...x.shape.flatMap((size_, at) => (size_ === n && isHeardThere(call, i, at, axis, result) ? [at] : [])),
    'whole',
  ]);
  const combined = choices.reduce<readonly (readonly Source[])[]>(
    (before, more) => before.flatMap((b) => more.map((m) => [...b, m])),
    [[]],
  );
  return combined.find(
    (sources) =>
      sources.some((s) => s !== 'whole') &&
      all.every((p) => {
        const made = onOnePlace(call, axis, sources, p);
        return made !== undefined && equalTensors(made, places(result, axis, [p]));
      }),
  );
}

/** Whether no place of the result but the i-th hears of place i of an operand. */
function isHeardThere(
  { op, attrs, env, values }: Call,
  operand: number,
  at: number,
  axis: number,
  result: Tensor,
): boolean {
  const all = [...Array(result.shape[axis]!).keys()];
  return all.every((p) =>
    [1, 2, 3].every((seed) => {
      const changed = values.with(operand, bent(values[operand]!, at, p, seed));
      const after = apply(op, changed, attrs, env);
      return all.every((q) => q === p || equalTensors(places(after, axis, [q]), places(result, axis, [q])));
    }),
  );
}

/** The rows that these first axes count, in another order, which is the same for equally many. */
export function shuffledRows(x: Tensor, axes: number): Tensor {
  const next = random(7);
  const rows = Array.from({ length: product(x.shape.slice(0, axes)) }, (_, row) => ({ row, at: next() }));
  const order = rows.sort((a, b) => a.at - b.at).map(({ row }) => row);
  const flat: Tensor = { ...x, shape: [rows.length, ...x.shape.slice(axes)] };
  return { ...places(flat, 0, order), shape: x.shape };
}
