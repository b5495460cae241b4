/** Every nanochat generation, compiled to ONNX, gives the numbers that nanochat's own code gave. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareLogits } from '../../runtime/verify/compare.ts';
import { greedy } from '../../runtime/verify/verify_greedy.ts';
import { type FixtureOptions, fixture, goldenOf, open, readFixture } from './compile_fixture.ts';
import { fixtures, measure, specs } from './measure.ts';

type Worst = Map<string, number>;
const worst: Worst = new Map();

async function hold(name: string, options: FixtureOptions = {}, suffix = ''): Promise<void> {
  const { generation, tolerance } = readFixture(name);
  const session = await open(fixture(name), specs[generation]!, options);
  const { uncached, cached, sameTokens } = await measure(session, name, suffix);
  await session.close();
  const allowed = tolerance.atol_float32;
  assert.ok(uncached <= allowed, `${name}: logits ${uncached} apart, ${allowed} allowed`);
  assert.ok(cached <= allowed, `${name}: step logits ${cached} apart, ${allowed} allowed`);
  assert.ok(sameTokens, `${name}: other greedy tokens`);
  worst.set(name, Math.max(uncached, cached, worst.get(name) ?? 0));
}

for (const { name } of fixtures) {
  test(`${name}: logits at once, logits step by step and the greedy text are nanochat's`, () => hold(name));
}

const unrounded: FixtureOptions = { edit: (text) => text.replaceAll('rounded=bfloat16, ', '') };

for (const { name, generation } of fixtures) {
  if (generation > 4) continue;
  test(`${name}: with tables that are not rounded, the numbers of such a run`, () =>
    hold(name, unrounded, '_f32rope'));
}

for (const opset of [17, 26]) {
  for (const { name } of fixtures) {
    test(`${name}: opset ${opset} too`, () => hold(name, { opset }));
  }
}

for (const { name } of fixtures) {
  test(`${name}: a static cache gives them too`, () => hold(name, { cache: 'static', slots: 304 }));
  test(`${name}: no cache gives them too`, () => hold(name, { cache: 'none' }));
}

test('the last logits alone are those of the whole', async () => {
  const name = 'nanochat-g7-mha-t300';
  const { steps } = goldenOf(name);
  const session = await open(fixture(name), specs[7]!, { logits: 'last' });
  const chosen = await greedy(session, steps.prompt, steps.tokens[0]!.length);
  const d = compareLogits(steps.logits!, chosen.logits, { abs: 0, kl: 0 });
  assert.ok(d.abs <= 2e-4, String(d.abs));
  assert.equal(chosen.tokens, steps.tokens);
  await session.close();
});

/** Each takes something out of a spec that the numbers must show. */
const faults: readonly (readonly [why: string, name: string, from: string, to: string])[] = [
  ['a rotation the other way round', 'nanochat-g1-mha', 'turn=-1', 'turn=1'],
  ['rounded tables where there are none', 'nanochat-g6-mha', 'turn=-1', 'turn=-1, rounded=bfloat16'],
  ['tables that are not rounded', 'nanochat-g1-mha', 'rounded=bfloat16, ', ''],
  ['a window of one key less', 'nanochat-g3-window', 'look_back(i) + 1', 'look_back(i)'],
  ['another softcap', 'nanochat-g5-softcap20', '20)', '15)'],
  ['another scale of queries', 'nanochat-g7-mha-t300', 'q = 1.2', 'q = 1.15'],
  [
    'another epsilon',
    'nanochat-g2-origmod',
    'rms_norm(rope(c_q(x) as [B, T, heads, head]))',
    'rms_norm(rope(c_q(x) as [B, T, heads, head]), eps=1e-4)',
  ],
];

for (const [why, name, from, to] of faults) {
  test(`${why} does not pass as ${name}`, async () => {
    let changed = false;
    const edit = (text: string): string => {
      changed ||= text.includes(from);
      return text.replaceAll(from, to);
    };
    const { generation, tolerance } = readFixture(name);
    const session = await open(fixture(name), specs[generation]!, { edit });
    assert.ok(changed, `no \`${from}\` in the spec`);
    const { uncached } = await measure(session, name);
    await session.close();
    assert.ok(uncached > tolerance.atol_float32, `only ${uncached}`);
  });
}

test('the worst error over all of them is far below what they allow', () => {
  const [name, most] = [...worst].reduce((a, b) => (b[1] > a[1] ? b : a), ['none', 0]);
  process.stdout.write(`\nworst error over ${worst.size} fixtures: ${most.toExponential(2)} (${name})\n`);
  assert.is(worst.size, fixtures.length);
  assert.ok(most <= 3e-5, `${name}: ${most}`);
});

test.run();
