import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layer_norm } from '../../../spec/ops/layer_norm.ts';
import { rms_norm } from '../../../spec/ops/rms_norm.ts';
import { softmax } from '../../../spec/ops/softmax.ts';
import { tensor } from '../../../spec/tensor.ts';
import { floats } from '../primitives/plain.ts';
import { apart, close, meaning, refused } from './meaning.ts';

const row = [1, -2, 3, 0.5];
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

test('rms_norm leaves a root mean square of one, but for eps', () => {
  const eps = 0.25;
  const scale = 1 / Math.sqrt(mean(row.map((x) => x * x)) + eps);
  const expected = row.map((x) => x * scale);
  assert.ok(apart(meaning(rms_norm, [floats([row])], { eps }).data, expected) < close);
  assert.ok(apart(meaning(rms_norm, [floats([row])], { eps: 0.2501 }).data, expected) > close);
});

test('layer_norm takes the mean away first', () => {
  const centred = row.map((x) => x - mean(row));
  const expected = centred.map((x) => x / Math.sqrt(mean(centred.map((c) => c * c)) + 1e-5));
  const y = meaning(layer_norm, [floats([row])], { eps: 1e-5 }).data;
  assert.ok(apart(y, expected) < close);
  const shifted = floats([row.map((x) => x + 100)]);
  assert.ok(apart(meaning(layer_norm, [shifted], { eps: 1e-5 }).data, expected) < 1e-4);
  assert.ok(apart(meaning(rms_norm, [shifted], { eps: 1e-5 }).data, expected) > 0.1);
});

test('softmax sums to one in every row, however large the numbers', () => {
  const powers = row.map(Math.exp);
  const expected = powers.map((p) => p / powers.reduce((a, b) => a + b, 0));
  for (const shift of [0, 1000, -1000]) {
    const y = meaning(softmax, [floats([row.map((x) => x + shift)])], {}).data;
    assert.ok(apart(y, expected) < 1e-4, `${shift}`);
  }
  assert.ok(apart(meaning(softmax, [floats([[1, -2, 3.001, 0.5]])], {}).data, expected) > 1e-4);
});

test('a number that hides behind minus infinity has no weight', () => {
  const y = meaning(softmax, [floats([[0, -Infinity, 0]])], {}).data;
  assert.equal([...y], [0.5, 0, 0.5]);
});

test('narrow numbers are normalised in float32 and come out narrow', () => {
  const half = tensor('float16', [1, 4], [300, 300, 300, 300]); // 300 ** 2 is beyond float16
  const y = meaning(rms_norm, [half], { eps: 0 });
  assert.is(y.dtype, 'float16');
  assert.equal([...y.data], [1, 1, 1, 1]);
});

test('a tensor without axes cannot be normalised', () => {
  for (const [op, attrs] of [
    [rms_norm, { eps: 0 }],
    [layer_norm, { eps: 0 }],
  ] as const) {
    assert.is(refused(op, [floats(1)], attrs), 'x must have an axis');
  }
  assert.is(refused(softmax, [floats(1)], {}), 'x must have an axis');
});

test.run();
