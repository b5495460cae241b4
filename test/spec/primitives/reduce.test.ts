import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bools, floats, ints, nested, refusal, run } from './plain.ts';

const table = [
  [1, 5, -2],
  [4, 0.5, 8],
];

test('reductions keep their axis with size one, whichever it is', () => {
  const x = floats(table);
  assert.equal(nested(run('reduce_sum', [x], { axis: 1 })), [[1 + 5 - 2], [4 + 0.5 + 8]]);
  assert.equal(nested(run('reduce_sum', [x], { axis: 0 })), [[1 + 4, 5 + 0.5, -2 + 8]]);
  assert.equal(nested(run('reduce_mean', [x], { axis: 0 })), [[5 / 2, 5.5 / 2, 6 / 2]]);
  assert.equal(nested(run('reduce_max', [x], { axis: 1 })), [[5], [8]]);
  assert.equal(nested(run('reduce_min', [x], { axis: 1 })), [[-2], [0.5]]);
  const bent = floats([[1, 5, -2.001], table[1]!]);
  assert.not.equal(
    nested(run('reduce_min', [bent], { axis: 1 })),
    nested(run('reduce_min', [x], { axis: 1 })),
  );
});

test('an axis between two others is reduced for each of both', () => {
  const x = ints([
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [
      [10, 20],
      [30, 40],
      [50, 60],
    ],
  ]);
  assert.equal(nested(run('reduce_sum', [x], { axis: 1 })), [[[9, 12]], [[90, 120]]]);
  assert.equal(nested(run('cumsum', [x], { axis: 1 })), [
    [
      [1, 2],
      [4, 6],
      [9, 12],
    ],
    [
      [10, 20],
      [40, 60],
      [90, 120],
    ],
  ]);
});

test('sums are kept in double and rounded once', () => {
  const large = 2 ** 30;
  assert.equal(nested(run('reduce_sum', [floats([large, 1, -large])], { axis: 0 })), [1]);
  assert.equal(nested(run('reduce_sum', [floats([large, 0, -large])], { axis: 0 })), [0]);
});

test('what is not a number stays one that is not', () => {
  const x = floats([1, Number.NaN, 3]);
  for (const op of ['reduce_sum', 'reduce_mean', 'reduce_max', 'reduce_min'] as const) {
    assert.ok(Number.isNaN((nested(run(op, [x], { axis: 0 })) as number[])[0]), op);
  }
  assert.equal(nested(run('reduce_max', [floats([1, 2, 3])], { axis: 0 })), [3]);
});

test('the k largest are marked, the first among equals', () => {
  const x = floats([
    [0.1, 0.7, 0.7, 0.7],
    [4, 3, 2, 1],
  ]);
  assert.equal(nested(run('is_top', [x], { k: 2 })), [
    [0, 1, 1, 0],
    [1, 1, 0, 0],
  ]);
  assert.is(run('is_top', [x], { k: 2 }).dtype, 'bool');
  const moved = floats([
    [0.1, 0.7, 0.7, 0.71],
    [4, 3, 2, 1],
  ]);
  assert.equal((nested(run('is_top', [moved], { k: 2 })) as number[][])[0], [0, 1, 0, 1]);
});

test('argtop gives the places of the largest, the largest first, the lowest index first among equals', () => {
  const x = floats([
    [0.1, 0.7, 0.9, 0.7],
    [4, 3, 5, 5],
  ]);
  assert.equal(nested(run('argtop', [x], { k: 3 })), [
    [2, 1, 3],
    [2, 3, 0],
  ]);
  assert.not.equal(nested(run('argtop', [floats([[1, 2]])], { k: 1 })), [[0]]);
  assert.match(refusal('argtop', [bools([1])], { k: 1 }), 'takes numbers, found bool');
});

test('an axis that is not there, and dtypes that cannot be added, are refused', () => {
  assert.match(refusal('reduce_sum', [floats(table)], { axis: 2 }), 'axis 2 is not one of the 2 axes');
  assert.match(refusal('cumsum', [floats(table)], { axis: -1 }), 'axis -1 is not one of the 2 axes');
  assert.match(refusal('reduce_sum', [bools([1])], { axis: 0 }), 'takes float, found bool');
  assert.match(refusal('reduce_mean', [ints([1])], { axis: 0 }), 'takes float, found int64');
  assert.match(refusal('is_top', [bools([1])], { k: 1 }), 'takes numbers, found bool');
});

test.run();
