import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rotary } from '../../../spec/ops/rotary.ts';
import { type RotaryTable, rotary_table } from '../../../spec/ops/rotary_table.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { tensor } from '../../../spec/tensor.ts';
import { floats, ints } from '../primitives/plain.ts';
import { apart, close, meaning, noise, refused } from './meaning.ts';

const angles = [0.3, 1.7];
const [cos, sin] = [Math.cos, Math.sin].map((f) => floats([[[angles.map(f)]]])) as [Tensor, Tensor]; // [1, 1, 1, 2]
const numbers = noise(1, 12);
const x = tensor('float32', [1, 1, 2, 6], numbers); // two heads of six, four of which turn

/** Each pair as a complex number times e ** (i angle). */
function turned(pairOf: (j: number) => readonly [number, number], sign = 1): number[] {
  const y = [...numbers];
  for (const head of [0, 6]) {
    for (const [j, angle] of angles.entries()) {
      const [a, b] = pairOf(j).map((i) => head + i) as [number, number];
      const [c, s] = [Math.cos(angle), sign * Math.sin(angle)];
      y[a] = numbers[a]! * c - numbers[b]! * s;
      y[b] = numbers[b]! * c + numbers[a]! * s;
    }
  }
  return y;
}

test('halves pair a number with the one half the turning width further on', () => {
  const y = meaning(rotary, [x, cos, sin], { pairing: 'halves' }).data;
  assert.ok(
    apart(
      y,
      turned((j) => [j, j + 2]),
    ) < close,
  );
  assert.ok(
    apart(
      y,
      turned((j) => [j, j + 2], -1),
    ) > 0.1,
  );
  assert.ok(
    apart(
      y,
      turned((j) => [2 * j, 2 * j + 1]),
    ) > 0.1,
  );
});

test('interleaved pairs are neighbours', () => {
  const y = meaning(rotary, [x, cos, sin], { pairing: 'interleaved' }).data;
  assert.ok(
    apart(
      y,
      turned((j) => [2 * j, 2 * j + 1]),
    ) < close,
  );
  assert.ok(
    apart(
      y,
      turned((j) => [j, j + 2]),
    ) > 0.1,
  );
});

test('what is beyond the tables passes through untouched', () => {
  const y = meaning(rotary, [x, cos, sin], { pairing: 'halves' }).data;
  for (const i of [4, 5, 10, 11]) assert.is(y[i], Math.fround(numbers[i]!));
  assert.is.not(y[3], Math.fround(numbers[3]!));
});

test('tables wider than the heads, or of another dtype, are refused', () => {
  const narrow = tensor('float32', [1, 1, 1, 3], [1, 2, 3]);
  assert.match(
    refused(rotary, [narrow, cos, sin], { pairing: 'halves' }),
    'turn more than x [1, 1, 1, 3] has',
  );
  const half = { ...cos, dtype: 'float16' } as const;
  assert.match(refused(rotary, [x, half, half], { pairing: 'halves' }), 'the tables must be float32');
  assert.match(refused(rotary, [x, cos, narrow], { pairing: 'halves' }), 'the tables differ in shape');
});

const table: RotaryTable = {
  part: 'cos',
  freqs: [1, Math.fround(0.01)],
  magnitude: 1,
  rounded: null,
  length: 8,
};

test('a table holds cosines of float32 angles, row by position', () => {
  const places = [0, 1, 20_001];
  const y = meaning(rotary_table, [ints([places])], table);
  assert.equal(y.shape, [1, 3, 1, 2]);
  const expected = places.flatMap((p) => table.freqs.map((f) => Math.fround(Math.cos(Math.fround(p * f)))));
  assert.is(apart(y.data, expected), 0);
  const inDouble = places.flatMap((p) => [1, 0.01].map((f) => Math.cos(p * f)));
  assert.ok(apart(y.data, inDouble) > 1e-6);
  assert.ok(apart(meaning(rotary_table, [ints([places])], { ...table, part: 'sin' }).data, expected) > 0.1);
});

test('a table is multiplied, then rounded', () => {
  const y = meaning(rotary_table, [ints([[3]])], { ...table, magnitude: 1.5, rounded: 'bfloat16' }).data;
  const scaled = table.freqs.map((f) => 1.5 * Math.cos(3 * f));
  for (const [i, v] of [...y].entries()) {
    assert.ok(Math.abs(v - scaled[i]!) <= 2 ** -8 * Math.abs(scaled[i]!), `${v}`);
    assert.is(v * 2 ** 7, Math.trunc(v * 2 ** 7)); // eight bits between one and two
  }
  assert.ok(apart(y, scaled) > 1e-4);
});

test('positions are int64 [B, T]', () => {
  assert.match(refused(rotary_table, [floats([[1]])], table), 'positions must be int64');
  assert.match(refused(rotary_table, [ints([1])], table), 'positions must have two axes');
});

test.run();
