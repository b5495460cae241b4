/** What a check will take is told from the calls before it, in seconds. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { watch } from '../../../runtime/verify/verify_watch.ts';
import { tensor } from '../../../spec/tensor.ts';
import { tinySession } from '../tiny_session.ts';

const tokens = (count: number) => ({ input_ids: tensor('int64', [1, count], Array<number>(count).fill(1)) });

test('the first call warms up; after that what is ahead is known in seconds', async () => {
  const slow = {
    ...tinySession({ cache: 'none' }),
    run: async () => {
      await new Promise((done) => setTimeout(done, 20));
      return {};
    },
  };
  const { session, predict } = watch(slow);
  await session.run(tokens(2));
  assert.is(predict(1000), 0);
  await session.run(tokens(2));
  const seconds = predict(1000);
  // 10 s; a machine that is busy makes more of it, and a wrong unit a thousand times as much or as little.
  assert.ok(seconds > 5 && seconds < 5000, `${seconds} s`);
});

test('an output that is not finite is noticed by its name', async () => {
  const { session, broken } = watch({
    ...tinySession({}),
    run: async () => ({
      logits: tensor('float32', [1, 1, 2], [0, 1]),
      present: tensor('float32', [2], [0, Number.NaN]),
    }),
  });
  await session.run({});
  assert.equal([...broken], ['present']);
});

test.run();
