/** How far a session is from the numbers of a golden fixture. */

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Session } from '../../compiler/ports/session.ts';
import { columnsOf } from '../../runtime/cache.ts';
import { compareLogits } from '../../runtime/verify/compare.ts';
import { greedy } from '../../runtime/verify/verify_greedy.ts';
import { columns, cutInto, logitsOf } from '../../runtime/verify/verify_run.ts';
import { stepsWithin } from '../../runtime/verify/verify_tokens.ts';
import { goldenOf, readFixture } from './compile_fixture.ts';

/** The shipped spec of each generation. */
export const specs: Readonly<Record<number, string>> = {
  1: 'nanochat_2025_10',
  1.5: 'nanochat_2025_10',
  2: 'nanochat_2026_01_lambdas',
  3: 'nanochat_2026_01_windows',
  4: 'nanochat_2026_01',
  5: 'nanochat_2026_03_softcap20',
  6: 'nanochat_2026_03_09',
  7: 'nanochat_2026_03',
};

export const fixtures = readdirSync(fileURLToPath(new URL('../fixtures/golden/', import.meta.url)))
  .filter((name) => name.startsWith('nanochat-'))
  .map(readFixture);

export interface Figures {
  readonly uncached: number;
  readonly cached: number;
  readonly sameTokens: boolean;
}

/** Largest differences of the full text's logits and of the steps', and whether greedy decoding goes the same way. */
export async function measure(session: Session, name: string, suffix = ''): Promise<Figures> {
  const golden = goldenOf(name, suffix);
  const { tokens, logits } = golden;
  const steps = stepsWithin(golden.steps, session.manifest);
  const apart = (a: typeof logits, b: typeof logits): number => compareLogits(a, b, { abs: 0, kl: 0 }).abs;
  const all = await logitsOf(session, [{ tokens }]);
  const [before, count] = [steps.prompt[0]!.length, steps.tokens[0]!.length];
  const text = steps.prompt.map((row, b) => [...row, ...steps.tokens[b]!]);
  const calls = cutInto(columns(text, 0, before + count - 1), [before, ...Array<number>(count - 1).fill(1)]);
  const stepped = await logitsOf(session, calls);
  const chosen = await greedy(session, steps.prompt, count);
  return {
    uncached: apart(logits, all),
    cached: apart(steps.logits!, columnsOf(stepped, stepped.shape[1]! - count)),
    sameTokens: JSON.stringify(chosen.tokens) === JSON.stringify(steps.tokens),
  };
}
