/** Prompts in pieces, and rows that go on after others have ended, in models with keys, windows and states of every kind. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../compiler/ports/session.ts';
import { decoder, type Rows } from '../../runtime/cache.ts';
import { generate, generateRows } from '../../runtime/generate.ts';
import { randomRows } from '../../runtime/verify/verify_run.ts';
import type { Tensor } from '../../spec/tensor.ts';
import { type FixtureOptions, fixture, open } from './compile_fixture.ts';

/** Fixtures with keys of a window, a state besides keys, scans, and keys of latent width. */
const models = ['nanochat-g3-window', 'nanochat-g7-mha-t300', 'hf-mamba', 'hf-qwen3-5', 'hf-deepseek-v2'];
const forms: readonly FixtureOptions[] = [
  { cache: 'dynamic', logits: 'all' },
  { cache: 'static', slots: 64, logits: 'last' },
];

const lastOf = ({ shape: [rows = 1, n = 1, width = 1], data }: Tensor): readonly number[] =>
  Array.from({ length: rows }, (_, b) => [
    ...data.subarray((b * n + n - 1) * width, (b + 1) * n * width),
  ]).flat();

const apart = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), a.length === b.length ? 0 : 1);

async function tokensOf(session: Session, prompts: Rows, lengths: readonly number[]): Promise<Rows> {
  const made: number[][] = prompts.map(() => []);
  const until = (row: number): boolean => made[row]!.length + 1 >= lengths[row]!;
  for await (const { row, token } of generateRows(session, prompts, { maxTokens: 12, until }))
    made[row]!.push(token);
  return made;
}

for (const name of models)
  for (const form of forms)
    test(`${name}, ${form.cache}`, async () => {
      const session = await open(fixture(name), undefined, form);
      const { vocab, context = 48 } = session.manifest;
      const longest = Math.min(44, context - 13);
      const prompts = [longest, 3, 37].map((n, i) => randomRows(1, Math.min(n, longest), vocab, 3 + i)[0]!);
      const [whole, pieces] = [1000, 32].map((tokensAtOnce) => decoder(session, { tokensAtOnce }));
      const [a, b] = [lastOf(await whole!.prefill(prompts)), lastOf(await pieces!.prefill(prompts))];
      assert.ok(apart(a, b) < 1e-4, `${apart(a, b)}`);
      const lengths = [4, 9, 2];
      const together = await tokensOf(session, prompts, lengths);
      for (const [row, prompt] of prompts.entries()) {
        const alone: number[] = [];
        for await (const token of generate(session, prompt, { maxTokens: lengths[row]! })) alone.push(token);
        assert.equal(together[row], alone);
      }
      await session.close();
    });

test.run();
