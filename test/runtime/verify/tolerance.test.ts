/** The errors that are allowed, written a second time: whoever loosens one says so here as well. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allowed, forSize, portShare } from '../../../runtime/verify/tolerance.ts';

const near = (found: number, wanted: number): void =>
  assert.ok(Math.abs(found - wanted) <= 1e-12, `${found} in place of ${wanted}`);

const dtypes = ['float32', 'float16', 'bfloat16'] as const;

test('arithmetic may be off by this much, whatever is compared but other people’s numbers', () => {
  const figures = { float32: [1e-4, 1e-7, 2e-5], float16: [0.1, 1e-3, 0.02], bfloat16: [0.7, 0.03, 0.2] };
  for (const compute of dtypes) {
    for (const kind of ['reference', 'self', 'peer'] as const) {
      const { abs, kl, share } = allowed(kind, { storage: 'float16', compute });
      for (const [i, found] of [abs, kl, share].entries()) near(found, figures[compute][i]!);
    }
  }
});

test('numbers of other people, made before the weights were rounded, by so much more', () => {
  const figures = { float32: [1e-4, 1e-7, 2e-5], float16: [0.05, 3e-4, 0.01], bfloat16: [0.4, 0.02, 0.1] };
  for (const storage of dtypes) {
    const { abs, kl, share } = allowed('golden', { storage, compute: 'float32' });
    const rest = [abs - 1e-4, kl - 1e-7, share - 2e-5];
    for (const [i, found] of rest.entries()) near(found, figures[storage][i]!);
  }
});

test('a tolerance of the user replaces the absolute one, and the divergence and share are none the tighter for it', () => {
  const dtypes = { storage: 'float32', compute: 'float32' } as const;
  assert.equal(allowed('self', dtypes, 0.5), { abs: 0.5, kl: 1, share: 0.5 });
  assert.equal(allowed('self', dtypes, 1e-9), { abs: 1e-9, kl: 1e-7, share: 2e-5 });
});

test('small logits are held to a share of their size, and ports to a wider one', () => {
  const base = { abs: 0.1, kl: 1e-3, share: 0.02 };
  near(forSize(base, 2).abs, 0.04);
  near(forSize(base, 200).abs, 0.1);
  near(portShare(base), 0.05);
});

test.run();
