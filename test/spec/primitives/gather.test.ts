import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { floats, ints, nested, refusal, run } from './plain.ts';

const table = floats([
  [0, 1],
  [10, 11],
  [20, 21],
]);

test('gather gives the row of each id, under the shape of the ids', () => {
  assert.equal(nested(run('gather', [table, ints([[2, 0, 2]])], {})), [
    [
      [20, 21],
      [0, 1],
      [20, 21],
    ],
  ]);
  assert.equal(nested(run('gather', [floats([7, 8, 9]), ints([1])], {})), [8]);
  assert.not.equal(
    nested(run('gather', [table, ints([1])], {})),
    nested(run('gather', [table, ints([2])], {})),
  );
});

test('an id that names no row is an error, not a row of something else', () => {
  assert.throws(() => run('gather', [table, ints([3])], {}), /index 3 is not one of 3 rows/);
  assert.throws(() => run('gather', [table, ints([-1])], {}), /index -1 is not one of 3 rows/);
  assert.match(refusal('gather', [table, floats([1])], {}), 'ids must be int64');
  assert.match(refusal('gather', [floats(1), ints([0])], {}), 'the table must have an axis');
});

test('take_along picks in each row of the batch for itself', () => {
  const x = floats([
    [[1], [2], [3]],
    [[4], [5], [6]],
  ]);
  const index = ints([
    [2, 0],
    [1, 1],
  ]);
  assert.equal(nested(run('take_along', [x, index], {})), [
    [[3], [1]],
    [[5], [5]],
  ]);
  assert.match(refusal('take_along', [x, ints([[0]])], {}), 'does not go with');
  assert.throws(() => run('take_along', [x, ints([[3], [0]])], {}), /index 3 is not one of 3 rows/);
});

test('pick picks along the last axis', () => {
  const x = floats([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assert.equal(
    nested(
      run(
        'pick',
        [
          x,
          ints([
            [2, 0],
            [1, 1],
          ]),
        ],
        {},
      ),
    ),
    [
      [3, 1],
      [5, 5],
    ],
  );
  assert.match(refusal('pick', [x, ints([[0]])], {}), 'does not go with');
  assert.throws(() => run('pick', [x, ints([[3], [0]])], {}), /index 3 is not one of 3 rows/);
});

test.run();
