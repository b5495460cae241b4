import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { floats, ints, nested, refusal, run } from './plain.ts';

/** Two experts: one doubles, the other exchanges. */
const double = [
  [2, 0],
  [0, 2],
];
const exchange = [
  [0, 1],
  [1, 0],
];
const x = floats([[[[1, 10]], [[3, 30]]]]); // [1, 2, 1, 2]
const choice = ints([
  [
    [1, 0],
    [0, 1],
  ],
]); // [1, 2, 2]
const expected = [
  [
    [
      [10, 1],
      [2, 20],
    ],
    [
      [6, 60],
      [30, 3],
    ],
  ],
];

test('each place of a choice is multiplied by the matrix that it names', () => {
  const plain = { transposed: false };
  assert.equal(nested(run('expert_matmul', [x, choice, floats(double), floats(exchange)], plain)), expected);
  assert.equal(nested(run('expert_matmul', [x, choice, floats([double, exchange])], plain)), expected);
  const swapped = run('expert_matmul', [x, choice, floats([exchange, double])], plain);
  assert.not.equal(nested(swapped), expected);
});

test('matrices may be kept with their outputs as rows', () => {
  const wide = floats([
    [
      [1, 0],
      [0, 1],
      [1, 1],
    ],
    [
      [0, 0],
      [0, 0],
      [5, 5],
    ],
  ]);
  assert.equal(nested(run('expert_matmul', [x, ints([[[0], [1]]]), wide], { transposed: true })), [
    [[[1, 10, 11]], [[0, 0, 165]]],
  ]);
});

test('sizes that do not go together and experts that are not there are refused', () => {
  const refused = (...inputs: Parameters<typeof refusal>[1]): string =>
    refusal('expert_matmul', inputs, { transposed: false });
  assert.match(refused(x, choice, floats([[1, 2, 3]])), 'chosen by');
  assert.match(refused(x, floats([[[1, 0]]]), floats(double)), 'a choice int64 [B, T, K] is needed');
  assert.match(refused(x, choice, floats(double), floats([[1, 2]])), 'no matrices of one shape');
  assert.throws(
    () =>
      run(
        'expert_matmul',
        [
          x,
          ints([
            [
              [2, 0],
              [0, 1],
            ],
          ]),
          floats([double, exchange]),
        ],
        { transposed: false },
      ),
    /index 2 is not one of 2 experts/,
  );
});

test.run();
