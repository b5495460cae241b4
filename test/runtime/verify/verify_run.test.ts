/** The ways in which checks run a text, and what they pick from the results. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  columns,
  cutInto,
  endsOf,
  joinColumns,
  logitsOf,
  outcomeAt,
  pickColumns,
  randomRows,
  rowOf,
} from '../../../runtime/verify/verify_run.ts';
import { range, repeatCuts, sum } from '../../../runtime/verify/verify_step.ts';
import { tensor } from '../../../spec/tensor.ts';
import { tinySession } from '../tiny_session.ts';

/** [2, 3, 2]: the number says its row, its column and its place. */
const numbered = tensor('float32', [2, 3, 2], [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]);

test('columns and rows are picked where they stand', () => {
  assert.equal([...pickColumns(numbered, [2, 0]).data], [20, 21, 0, 1, 120, 121, 100, 101]);
  assert.equal([...rowOf(numbered, 1).data], [100, 101, 110, 111, 120, 121]);
  assert.equal(rowOf(numbered, 1).shape, [1, 3, 2]);
  const twice = joinColumns([numbered, pickColumns(numbered, [1])]);
  assert.equal(twice.shape, [2, 4, 2]);
  assert.equal([...twice.data], [0, 1, 10, 11, 20, 21, 10, 11, 100, 101, 110, 111, 120, 121, 110, 111]);
  assert.equal(
    columns(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      1,
      3,
    ),
    [
      [2, 3],
      [5, 6],
    ],
  );
});

test('a text is cut into the calls that are asked for', () => {
  assert.equal(repeatCuts(7, [3, 1]), [3, 1, 3]);
  assert.equal(repeatCuts(5, [4]), [4, 1]);
  assert.is(sum([3, 1, 3]), 7);
  assert.is(sum([]), 0);
  assert.equal(range(2, 5), [2, 3, 4]);
  assert.equal(range(5, 2), []);
  const rows = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ];
  assert.equal(cutInto(rows, [1, 3]), [
    { tokens: [[1], [5]] },
    {
      tokens: [
        [2, 3, 4],
        [6, 7, 8],
      ],
    },
  ]);
  const real = [
    [0, 1, 1, 1],
    [1, 1, 1, 1],
  ];
  assert.equal(cutInto(rows, [2], real), [
    {
      tokens: [
        [1, 2],
        [5, 6],
      ],
      real: [
        [0, 1],
        [1, 1],
      ],
    },
  ]);
});

test('logits come after each token, or after the last of each call', () => {
  assert.equal(endsOf(tinySession({}), [2, 1, 2]), [1, 2, 3, 4, 5]);
  assert.equal(endsOf(tinySession({ logits: 'last' }), [2, 1, 2]), [2, 3, 5]);
});

test('logits after some of the tokens are those of the texts up to there', async () => {
  const rows = randomRows(2, 6, 13, 3);
  for (const logits of ['all', 'last'] as const) {
    const session = tinySession({ logits });
    for (const ends of [
      [2, 3, 4],
      [1, 4, 6],
    ]) {
      const found = await outcomeAt(session, rows, ends);
      assert.equal(found.logits.shape, [2, ends.length, 13]);
      for (const [i, end] of ends.entries()) {
        const alone = await logitsOf(session, [{ tokens: columns(rows, 0, end) }]);
        const last = pickColumns(alone, [alone.shape[1]! - 1]);
        assert.equal([...pickColumns(found.logits, [i]).data], [...last.data], `${logits} ${end}`);
      }
      assert.is(found.memory.get('present.0.value')?.shape[2], ends.at(-1));
    }
  }
});

test('random tokens are of the vocabulary, all of it, and the same for a seed', () => {
  const rows = randomRows(4, 200, 13, 8);
  assert.equal(rows, randomRows(4, 200, 13, 8));
  assert.not.equal(rows, randomRows(4, 200, 13, 9));
  assert.equal(
    [...new Set(rows.flat())].sort((a, b) => a - b),
    range(0, 13),
  );
});

test.run();
