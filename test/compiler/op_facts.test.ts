/** What primitives say of themselves, in numbers: no claim that does not hold, and none left out that would. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { random } from '../../runtime/sample.ts';
import type { Attrs, Primitive } from '../../spec/op.ts';
import { evaluatePrimitive, inferPrimitive, isPrimitive, primitives } from '../../spec/primitives/index.ts';
import type { Neutral, Settles } from '../../spec/primitives/row.ts';
import { empty, type Tensor, tensor } from '../../spec/tensor.ts';
import type { GraphDType } from '../../spec/type.ts';
import { addOps } from './added_ops.ts';
import { type Call, calls, equalTensors } from './op_calls.ts';
import { typed } from './tiny_graph.ts';

await addOps();

const names = Object.keys(primitives).filter(isPrimitive);
const binary = names.filter((op) => primitives[op].arity === 2 && primitives[op].axes === 'each');

const run = (op: Primitive, inputs: readonly Tensor[], attrs: Attrs = {}, env: Call['env'] = new Map()) =>
  evaluatePrimitive(op, inputs, attrs as never, env); // those of a call, or of an op that has none

const samples: Readonly<Partial<Record<GraphDType, readonly number[]>>> = {
  float32: [-0, 0, 1, -1, 0.1, -0.7, 1e-40, 3.4e38, -3.4e38, Infinity, -Infinity, Number.NaN],
  int64: [0, 1, -1, 7, -12, 2 ** 40],
  bool: [0, 1],
};
const dtypesOf = (op: Primitive): readonly GraphDType[] =>
  (Object.keys(samples) as GraphDType[]).filter(
    (d) => typeof inferPrimitive(op, [typed(d, 3), typed(d, 3)], {} as never) !== 'string', // binary ones have none
  );

/** Whether a tensor of the dtype can hold the number. */
const holds = (dtype: GraphDType, n: number): boolean =>
  dtype === 'bool' ? n === 0 || n === 1 : dtype === 'float32' || Number.isInteger(n);

const sameBits = (x: number, y: number): boolean => Object.is(x, y);

/** Numbers that do not come through beside the one that is said to leave them as they are. */
function changed(op: Primitive, neutral: Neutral): readonly string[] {
  return dtypesOf(op).flatMap((dtype) =>
    [0, 1].flatMap((operand) => {
      const n = neutral[operand];
      if (n === undefined || !holds(dtype, n)) return [];
      return samples[dtype]!.flatMap((x) => {
        const [kept, still] = [tensor(dtype, [], [x]), tensor(dtype, [], [n])];
        const y = run(op, operand === 0 ? [still, kept] : [kept, still]);
        const same = y.dtype === dtype && sameBits(kept.data[0]!, y.data[0]!);
        return same ? [] : [`${op} of ${dtype} ${x} and ${n} as operand ${operand}: ${y.data[0]}`];
      });
    }),
  );
}

test('a neutral number leaves every other as it is, to the bit, but for the sign of zero in a sum', () => {
  assert.equal(
    binary.flatMap((op) => changed(op, primitives[op].neutral)),
    ['add of float32 0 and 0 as operand 0: 0', 'add of float32 0 and 0 as operand 1: 0'], // minus zero and zero
  );
});

test('there is no other neutral number, and one that is none is noticed', () => {
  const said = binary.flatMap((op) => primitives[op].neutral.filter((n) => n !== undefined));
  assert.is(said.length, 15);
  for (const op of binary)
    for (const n of [0, 1, -1, 2, Infinity, -Infinity])
      for (const operand of [0, 1]) {
        if (primitives[op].neutral[operand] === n) continue;
        const other: Neutral = operand === 0 ? [n] : [undefined, n];
        const tried = dtypesOf(op).some((d) => holds(d, n));
        assert.ok(!tried || changed(op, other).length > 0, `${op} with ${n} as operand ${operand}`);
      }
});

test('operands that may change places give the same, and others do not', () => {
  const wrong: string[] = [];
  for (const op of binary) {
    const swapped = dtypesOf(op).every((dtype) =>
      samples[dtype]!.every((x) =>
        samples[dtype]!.every((y) => {
          const [a, b] = [tensor(dtype, [], [x]), tensor(dtype, [], [y])];
          return equalTensors(run(op, [a, b]), run(op, [b, a]));
        }),
      ),
    );
    if (swapped !== primitives[op].commutes) wrong.push(op);
  }
  assert.equal(wrong, []);
  assert.equal(
    names.filter((op) => primitives[op].commutes && !binary.includes(op)),
    [],
  );
});

const mixed = (seed: number, { dtype, shape }: Tensor): Tensor => {
  const next = random(seed);
  const y = empty(dtype, shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = 0.3 + next();
  return y;
};

const signed = (seed: number, x: Tensor): Tensor => {
  const y = mixed(seed, x);
  y.data.forEach((v, i) => {
    y.data[i] = 4 * v - 3.2;
  });
  return y;
};

/** Each number differs from all others, but for whole numbers, which are indices. */
const distinct = (values: readonly Tensor[]): readonly Tensor[] =>
  values.map((x, i) => (x.dtype === 'float32' ? mixed(10 + i, x) : x));

/** They give one of their operands' numbers, too, but which one depends on the numbers. */
const choosing: readonly string[] = ['where', 'min', 'max', 'reduce_max', 'reduce_min'];

test('ops that move elements give those of their operands, and others do not', () => {
  const wrong: string[] = [];
  let moved = 0;
  for (const { op, name, values, attrs, env } of calls()) {
    if (!isPrimitive(op) || !values.some((x) => x.dtype === 'float32') || choosing.includes(op)) continue;
    const given = distinct(values);
    const known = new Set(given.flatMap((x) => [...x.data]));
    const y = run(op, given, attrs, env);
    const found = y.dtype === 'float32' && y.data.every((v) => known.has(v));
    const keeps = primitives[op].elements !== 'computed';
    moved += found ? 1 : 0;
    const same = op === 'abs' || op === 'relu'; // of numbers above zero
    if (found !== keeps && !same && op !== 'cast') wrong.push(`${name}: ${primitives[op].elements}`);
  }
  assert.equal(wrong, []);
  assert.ok(moved > 15, String(moved));
});

/** Operands with one value each where `at` gives one, and numbers of their own elsewhere. */
const filled = ({ values }: Call, at: readonly (number | undefined)[], seed: number): readonly Tensor[] =>
  values.map((x, i) => {
    const value = at[i];
    if (value !== undefined) {
      const y = empty(x.dtype, x.shape);
      y.data.fill(value);
      return y;
    }
    return x.dtype === 'float32' ? signed(seed + i, x) : x;
  });

const uniform = ({ data }: Tensor): number | undefined =>
  data.length > 0 && data.every((v) => v === data[0]) ? data[0] : undefined;

/** Each choice of known values; an index is never known, since it has to be one. */
function patterns({ values, op }: Call): readonly (readonly (number | undefined)[])[] {
  const numbers = [undefined, 0, 1, -1, 0.5, Infinity, -Infinity];
  const each = isPrimitive(op) && primitives[op].axes === 'each';
  const choices = values.map(({ dtype }) =>
    dtype === 'float32'
      ? each
        ? numbers
        : numbers.slice(0, 4)
      : dtype === 'bool'
        ? [undefined, 0, 1]
        : [undefined],
  );
  return choices
    .reduce<readonly (readonly (number | undefined)[])[]>(
      (before, more) => before.flatMap((b) => more.map((m) => [...b, m])),
      [[]],
    )
    .filter((at) => at.some((v) => v !== undefined));
}

/** Patterns of known values whose result is another than what is said. */
function unsettled(call: Call, settles: Settles<unknown>) {
  const lines: string[] = [];
  const missed: string[] = [];
  for (const at of patterns(call)) {
    const said = settles(at, call.attrs);
    const results = [1, 2, 3, 4].map((seed) =>
      run(call.op as Primitive, filled(call, at, seed), call.attrs, call.env),
    );
    const made = results.map(uniform);
    const line = `${call.name} of ${at.map(String)}: ${said}, not ${made}`;
    if (said !== undefined && !Number.isNaN(said) && !made.every((v) => v === Math.fround(said)))
      lines.push(line);
    if (said === undefined && made[0] !== undefined && made.every((v) => v === made[0])) missed.push(line);
  }
  return { lines, missed };
}

test('what operands of one value settle is what they give, and a wrong word is noticed', () => {
  const ours = calls().filter(
    ({ op, values: [x, ...more] }) => isPrimitive(op) && x && x.data.length > 0 && more.length < 3,
  );
  const settlesOf = ({ op }: Call) => primitives[op as Primitive].settles as Settles<unknown>;
  assert.equal(
    ours.flatMap((call) => unsettled(call, settlesOf(call)).lines),
    [],
  );
  // Numbers that were drawn never equal one of these, which says nothing of others.
  const elementwise = ours.filter(({ op }) => op !== 'eq' && primitives[op as Primitive].axes === 'each');
  assert.equal(
    elementwise.flatMap((call) => unsettled(call, settlesOf(call)).missed),
    [],
  );
  const wrong: Settles<unknown> = (values) => values.find((v) => v !== undefined);
  const caught = new Set(ours.filter((c) => unsettled(c, wrong).lines.length > 0).map(({ op }) => op));
  for (const op of ['mul', 'add', 'exp', 'where', 'matmul', 'reduce_sum', 'concat', 'le', 'cumsum', 'pow'])
    assert.ok(caught.has(op), op);
});

test.run();
