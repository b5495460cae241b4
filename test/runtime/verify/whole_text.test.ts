/** The graph before any pass, run on whole texts, against the graph with its ports placed. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { referenceSession } from '../../../runtime/sessions/reference_session.ts';
import { compareValues } from '../../../runtime/verify/compare.ts';
import { outcomeOf } from '../../../runtime/verify/verify_run.ts';
import { wholeTextSession } from '../../../runtime/verify/whole_text.ts';
import { fixture, make } from '../../golden/compile_fixture.ts';

const tokens = [
  [3, 1, 4, 1, 5, 9],
  [2, 7, 1, 8, 2, 8],
];

// Keys and values with a smear, one latent for all heads, and states of a scan with a short convolution.
for (const name of ['nanochat-g6-mha', 'hf-deepseek-v2', 'hf-mamba']) {
  for (const form of [{}, { cache: 'static', slots: 9 }, { logits: 'last' }, { cache: 'none' }] as const) {
    test(`${name} ${Object.values(form).join(' ')}: logits and memory of a text`, async () => {
      const { believed, reference, manifest, weightsOf, plainWeights } = make(
        fixture(name),
        undefined,
        form,
      ).compiled;
      const whole = wholeTextSession(believed, manifest, plainWeights);
      const placed = referenceSession(reference, manifest, weightsOf(reference));
      const [a, b] = [await outcomeOf(whole, [{ tokens }]), await outcomeOf(placed, [{ tokens }])];
      assert.ok(compareValues(a.logits, b.logits).abs < 1e-5);
      assert.equal([...a.memory.keys()], [...b.memory.keys()]);
      assert.is(a.memory.size > 0, !('cache' in form) || form.cache !== 'none');
      const other = await outcomeOf(placed, [{ tokens: tokens.map((row) => row.with(5, 6)) }]);
      for (const [port, kept] of a.memory) {
        assert.ok(compareValues(kept, b.memory.get(port)!).abs < 1e-5, port);
        assert.ok(compareValues(kept, other.memory.get(port)!).abs > 1e-4, `${port}: another token shows`);
      }
    });
  }
}

test('squares beyond float16 are not lost in what a model in float16 is held to', async () => {
  const from = 'down_proj(square(relu(up_proj(x))))';
  const edit = (text: string): string =>
    text.replace(from, '0.000001 * down_proj(square(relu(1000 * up_proj(x))))');
  const halves = { target: 'torchscript', storage: 'float16' } as const;
  const plain = make(fixture('hf-nemotron'), undefined, halves).compiled;
  const large = make(fixture('hf-nemotron'), undefined, { ...halves, edit }).compiled;
  const logits = async ({ manifest, plainWeights }: typeof plain, graph: typeof plain.built) =>
    (await outcomeOf(wholeTextSession(graph, manifest, plainWeights), [{ tokens }])).logits;
  const expected = await logits(plain, plain.believed);
  assert.ok(compareValues(await logits(large, large.believed), expected).abs < 1e-4);
  // Twin: rounded as float16 would, the squares are infinite.
  assert.not.ok((await logits(large, large.built)).data.every(Number.isFinite));
});

test('what is not a whole text without padding is refused', async () => {
  const { believed, manifest, plainWeights } = make(fixture('nanochat-g6-mha'), undefined).compiled;
  const whole = wholeTextSession(believed, manifest, plainWeights);
  const padded = [{ tokens, real: tokens.map((row) => row.map((_, i) => (i === 0 ? 0 : 1))) }];
  for (const calls of [padded, [{ tokens }, { tokens }]]) {
    let said = '';
    await outcomeOf(whole, calls).catch((cause: Error) => {
      said = cause.message;
    });
    assert.match(said, 'whole texts without padding only');
  }
});

test.run();
