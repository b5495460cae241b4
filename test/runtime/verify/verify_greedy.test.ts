/** Which chosen tokens count as right: the same ones, and those that lose to another by less than is allowed. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { agreement } from '../../../runtime/verify/verify_greedy.ts';
import { tensor } from '../../../spec/tensor.ts';

/** Three steps of a row, of which the second chose token 1 over token 2 by `lead`. */
const chose = (lead: number) => ({
  tokens: [[0, 1, 0]],
  logits: tensor('float32', [1, 3, 3], [9, 0, 0, 0, 4, 4 - lead, 9, 0, 0]),
});

test('a wrong token ends the agreement of its row', () => {
  assert.equal(agreement(chose(2), [[0, 2, 0]], 0.5), { share: 1 / 3, ties: 0 });
});

test('a wrong token within the allowed error is a tie, and its row counts', () => {
  assert.equal(agreement(chose(0.25), [[0, 2, 0]], 0.5), { share: 1, ties: 1 });
  assert.equal(agreement(chose(0.75), [[0, 2, 0]], 0.5), { share: 1 / 3, ties: 0 });
});

test('the same tokens agree, and a row that differs does not spoil another', () => {
  assert.equal(agreement(chose(2), [[0, 1, 0]], 0), { share: 1, ties: 0 });
  const { logits } = chose(2);
  const both = {
    tokens: [
      [0, 1, 0],
      [0, 1, 0],
    ],
    logits: tensor('float32', [2, 3, 3], [...logits.data, ...logits.data]),
  };
  assert.equal(
    agreement(
      both,
      [
        [0, 1, 0],
        [1, 1, 0],
      ],
      0.5,
    ),
    { share: 0.5, ties: 0 },
  );
});

test('what is not a number is no tie', () => {
  assert.equal(agreement(chose(Number.NaN), [[0, 2, 0]], 0.5), { share: 1 / 3, ties: 0 });
});

test.run();
