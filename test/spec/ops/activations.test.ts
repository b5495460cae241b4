import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { append } from '../../../spec/ops/append.ts';
import { gelu } from '../../../spec/ops/gelu.ts';
import { gelu_tanh } from '../../../spec/ops/gelu_tanh.ts';
import { linear } from '../../../spec/ops/linear.ts';
import { silu } from '../../../spec/ops/silu.ts';
import { floats, ints, nested } from '../primitives/plain.ts';
import { apart, close, meaning, refused } from './meaning.ts';

const row = [-3, -0.5, 0, 1, 2.5];

test('silu is x times its sigmoid', () => {
  const expected = row.map((x) => x / (1 + Math.exp(-x)));
  assert.ok(apart(meaning(silu, [floats(row)], {}).data, expected) < close);
  assert.ok(apart(meaning(gelu, [floats(row)], {}).data, expected) > 0.01);
});

test('gelu is exact, gelu_tanh an approximation that differs from it in the fourth place', () => {
  // x * Phi(x), with Phi from tables of the normal distribution
  const exact = [
    -3 * 0.0013498980316301,
    -0.5 * 0.3085375387259869,
    0,
    0.8413447460685429,
    2.5 * 0.9937903346742238,
  ];
  assert.ok(apart(meaning(gelu, [floats(row)], {}).data, exact) < close);
  const byTanh = row.map((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))));
  const found = meaning(gelu_tanh, [floats(row)], {}).data;
  assert.ok(apart(found, byTanh) < close);
  assert.ok(apart(found, exact) > 1e-4);
  assert.ok(apart(found, exact) < 1e-3);
});

test('linear multiplies by the rows of the weight', () => {
  const x = floats([[[1, 2, 3]]]);
  const weight = floats([
    [1, 0, 0],
    [1, 1, 1],
  ]);
  assert.equal(nested(meaning(linear, [x, weight], {})), [[[1, 6]]]);
  assert.match(refused(linear, [x, floats([[1, 2]])], {}), 'does not fit a weight [1, 2]');
  assert.match(refused(linear, [x, floats([1, 2, 3])], {}), 'the weight must have two axes');
  assert.match(refused(linear, [x, ints([[1, 2, 3]])], {}), 'dtypes float32 and int64 differ');
});

test('append puts what is new behind what was kept', () => {
  const past = floats([[[1]], [[2]]]);
  const rows = floats([[[3]], [[4]]]);
  assert.equal(nested(meaning(append, [past, rows], { axis: 1 })), [
    [[1], [3]],
    [[2], [4]],
  ]);
  assert.match(refused(append, [past, floats([[[3]]])], { axis: 1 }), 'differ beside axis 1');
});

test.run();
