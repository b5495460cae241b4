/** Golden files with fewer logits than tokens, and with more steps than a model has room for. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verify } from '../../../runtime/verify/verify.ts';
import { logitsOf, pickColumns, randomRows } from '../../../runtime/verify/verify_run.ts';
import { stepsWithin } from '../../../runtime/verify/verify_tokens.ts';
import { tensor } from '../../../spec/tensor.ts';
import { tinyManifest, tinySession } from '../tiny_session.ts';

const manifest = tinyManifest({ context: 6 });
const logits = tensor('float32', [1, 5, 1], [0, 1, 2, 3, 4]);
const steps = { prompt: [[1, 2, 3]], tokens: [[5, 6, 7, 8, 9]], logits };

test('steps are taken as far as the context goes, and the last token is not fed', () => {
  const kept = stepsWithin(steps, manifest);
  assert.equal(kept.tokens, [[5, 6, 7, 8]]);
  assert.equal([...kept.logits!.data], [0, 1, 2, 3]);
  assert.equal(kept.prompt, steps.prompt);
});

test('all steps are taken where there is room', () => {
  for (const context of [7, 8, undefined]) {
    const room = tinyManifest(context === undefined ? {} : { context });
    assert.is(stepsWithin(steps, room), steps, String(context));
  }
});

test('a prompt that leaves no room leaves the step whose logits it gives', () => {
  const kept = stepsWithin({ ...steps, prompt: [[1, 2, 3, 4, 5, 6]] }, manifest);
  assert.equal([kept.tokens, [...kept.logits!.data]], [[[5]], [0]]);
});

test('the last logits of a text are compared with where they belong', async () => {
  const session = tinySession({});
  const tokens = randomRows(2, 8, 13, 6);
  const all = await logitsOf(session, [{ tokens }]);
  const golden = (places: readonly number[]) => ({ name: 'x', tokens, logits: pickColumns(all, places) });
  const rows = async (places: readonly number[]) =>
    (await verify({ session, golden: golden(places) })).rows.filter((r) => r.check === 'golden');
  assert.equal(
    (await rows([5, 6, 7])).map((r) => r.pass),
    [true, true],
  );
  assert.equal(
    (await rows([4, 5, 6])).map((r) => r.pass),
    [false, false],
  );
});

test.run();
