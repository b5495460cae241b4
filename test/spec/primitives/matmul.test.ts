import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { floats, ints, nested, refusal, run } from './plain.ts';

const a = floats([
  [1, 2],
  [3, 4],
]);
const b = floats([
  [5, 6, 7],
  [8, 9, 10],
]);

test('rows by columns', () => {
  assert.equal(nested(run('matmul', [a, b], {})), [
    [1 * 5 + 2 * 8, 1 * 6 + 2 * 9, 1 * 7 + 2 * 10],
    [3 * 5 + 4 * 8, 3 * 6 + 4 * 9, 3 * 7 + 4 * 10],
  ]);
  const bent = floats([
    [1, 2],
    [3, 4.0001],
  ]);
  assert.not.equal(nested(run('matmul', [bent, b], {})), nested(run('matmul', [a, b], {})));
});

test('axes before the last two stretch', () => {
  const x = floats([[[[1, 0]]], [[[0, 1]]]]); // [2, 1, 1, 2]
  const y = floats([
    [[1], [2]],
    [[3], [4]],
    [[5], [6]],
  ]); // [3, 2, 1]
  assert.equal(nested(run('matmul', [x, y], {})), [
    [[[1]], [[3]], [[5]]],
    [[[2]], [[4]], [[6]]],
  ]);
});

test('products are added in double', () => {
  const large = 2 ** 30;
  const x = floats([[large, 1, -large]]);
  assert.equal(nested(run('matmul', [x, floats([[1], [1], [1]])], {})), [[1]]);
  assert.equal(nested(run('matmul', [x, floats([[1], [0], [1]])], {})), [[0]]);
});

test('sizes and dtypes that do not fit are refused', () => {
  assert.match(refusal('matmul', [b, b], {}), 'inner sizes 3 and 2 differ');
  assert.match(refusal('matmul', [floats([1, 2]), a], {}), 'two axes at least');
  assert.match(refusal('matmul', [ints([[1]]), ints([[1]])], {}), 'do not multiply');
});

test.run();
