import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Primitive } from '../../../spec/op.ts';
import { primitives } from '../../../spec/primitives/index.ts';
import { tensor } from '../../../spec/tensor.ts';
import { bools, floats, ints, type Nested, nested, refusal, run } from './plain.ts';

type Plain = Extract<Primitive, keyof typeof unaries | keyof typeof binaries>;

/** On -2, 0.25 and 3, or on their sizes where only those make sense. */
const unaries = {
  neg: [2, -0.25, -3],
  abs: [2, 0.25, 3],
  exp: [Math.exp(-2), Math.exp(0.25), Math.exp(3)],
  sin: [-Math.sin(2), Math.sin(0.25), Math.sin(3)],
  cos: [Math.cos(2), Math.cos(0.25), Math.cos(3)],
  tanh: [
    (Math.exp(-4) - 1) / (Math.exp(-4) + 1),
    (Math.exp(0.5) - 1) / (Math.exp(0.5) + 1),
    0.9950547536867305,
  ],
  sigmoid: [1 / (1 + Math.exp(2)), 1 / (1 + Math.exp(-0.25)), 1 / (1 + Math.exp(-3))],
  relu: [0, 0.25, 3],
  // Abramowitz and Stegun, table 7.1
  erf: [-0.9953222650189527, 0.2763263901682369, 0.9999779095030014],
  floor: [-2, 0, 3],
};
const positive = {
  log: [Math.LN2, -2 * Math.LN2, Math.log(3)],
  sqrt: [Math.SQRT2, 0.5, Math.sqrt(3)],
  rsqrt: [Math.SQRT1_2, 2, 3 ** -0.5],
};
const binaries = {
  add: [5, -5.5, -7],
  sub: [9, -9.5, 1],
  mul: [-14, -15, 12],
  div: [-3.5, -3.75, 0.75],
  floordiv: [-4, -4, 0],
  mod: [-1, 0.5, -3],
  pow: [1 / 49, 56.25, 1 / 81],
  min: [-2, -7.5, -4],
  max: [7, 2, -3],
};
const [left, right] = [
  [7, -7.5, -3],
  [-2, 2, -4],
] as const;

const near = (found: Nested, wanted: readonly number[]): boolean =>
  (found as readonly number[]).every(
    (y, i) => Math.abs(y - wanted[i]!) <= 1e-7 * Math.abs(wanted[i]!) + 1e-12,
  );

for (const [op, wanted] of [...Object.entries(unaries), ...Object.entries(positive)]) {
  test(`${op} of each element`, () => {
    const input = op in positive ? [2, 0.25, 3] : [-2, 0.25, 3];
    const y = nested(run(op as Plain, [floats(input)], {}));
    assert.ok(near(y, wanted), `${y} for ${wanted}`);
    const moved = nested(run(op as Plain, [floats(input.map((x) => x + (op === 'floor' ? 1 : 1e-3)))], {}));
    assert.not(near(moved, wanted));
  });
}

for (const [op, wanted] of Object.entries(binaries)) {
  test(`${op} of two operands, element by element`, () => {
    const y = nested(run(op as Plain, [floats(left), floats(right)], {}));
    assert.ok(near(y, wanted), `${y} for ${wanted}`);
    assert.not(near(nested(run(op as Plain, [floats(left), floats([-2, 2, -2.5])], {})), wanted));
  });
}

test('operands are aligned at the right, and axes of one stretch', () => {
  const a = floats([[1], [2]]);
  const b = floats([10, 20, 30]);
  assert.equal(nested(run('add', [a, b], {})), [
    [11, 21, 31],
    [12, 22, 32],
  ]);
  assert.equal(nested(run('sub', [b, a], {})), [
    [9, 19, 29],
    [8, 18, 28],
  ]);
  assert.match(refusal('add', [floats([1, 2]), b], {}), 'sizes 2 and 3 do not broadcast');
});

test('comparisons give bool, and logic takes it', () => {
  const [a, b] = [ints([1, 2, 3]), ints([2, 2, 2])];
  assert.equal(nested(run('lt', [a, b], {})), [1, 0, 0]);
  assert.equal(nested(run('le', [a, b], {})), [1, 1, 0]);
  assert.equal(nested(run('eq', [a, b], {})), [0, 1, 0]);
  assert.is(run('eq', [a, b], {}).dtype, 'bool');
  const [p, q] = [bools([1, 1, 0]), bools([1, 0, 0])];
  assert.equal(nested(run('and', [p, q], {})), [1, 0, 0]);
  assert.equal(nested(run('or', [p, q], {})), [1, 1, 0]);
  assert.equal(nested(run('not', [p], {})), [0, 0, 1]);
  assert.match(refusal('and', [a, b], {}), 'takes bool, found int64');
});

test('dtypes do not mix, and some take float only', () => {
  assert.match(refusal('add', [floats([1]), ints([1])], {}), 'dtypes float32 and int64 differ');
  assert.match(refusal('div', [ints([1]), ints([1])], {}), 'takes float, found int64');
  assert.match(refusal('exp', [ints([1])], {}), 'takes float, found int64');
  assert.match(refusal('add', [bools([1]), bools([1])], {}), 'takes number, found bool');
  assert.match(refusal('add', [floats([1])], {}), 'takes 2 inputs, found 1');
});

test('whole numbers floor as Python does, on both sides of zero', () => {
  const [a, b] = [ints([7, -7, 7, -7]), ints([2, 2, -2, -2])];
  assert.equal(nested(run('floordiv', [a, b], {})), [3, -4, -4, 3]);
  assert.equal(nested(run('mod', [a, b], {})), [1, 1, -1, -1]);
});

test('where picks, and passes over what is not picked', () => {
  const nan = floats([Number.NaN, 2]);
  assert.equal(nested(run('where', [bools([0, 1]), nan, floats(5)], {})), [5, 2]);
  assert.match(refusal('where', [ints([1]), nan, nan], {}), 'the condition must be bool');
});

test('casts round to the nearest, ties to even, and truncate to whole numbers', () => {
  const x = floats([1 + 2 ** -9, 1 + 3 * 2 ** -9, -2.75, 0]);
  assert.equal(nested(run('cast', [x], { dtype: 'bfloat16' })), [1, 1 + 2 ** -7, -2.75, 0]);
  assert.equal(nested(run('cast', [x], { dtype: 'int64' })), [1, 1, -2, 0]);
  assert.equal(nested(run('cast', [x], { dtype: 'bool' })), [1, 1, 1, 0]);
  assert.equal(nested(run('cast', [floats([65519, 65520])], { dtype: 'float16' })), [65504, Infinity]);
});

test('narrow results are rounded once, from the exact one', () => {
  const half = (v: number[]) => tensor('float16', [v.length], v);
  assert.equal(nested(run('add', [half([1]), half([2 ** -11])], {})), [1]);
  assert.equal(nested(run('add', [half([1 + 2 ** -10]), half([2 ** -11])], {})), [1 + 2 ** -9]);
});

test('every primitive has a line of its own to say', () => {
  for (const [name, row] of Object.entries({ ...primitives })) assert.ok(row.doc.length > 1, name);
});

test.run();
