import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { argmax } from '../../../runtime/argmax.ts';
import { fromHalf, toHalf } from '../../../runtime/sessions/half.ts';
import { compareLogits, compareValues, within } from '../../../runtime/verify/compare.ts';
import { allowed, comparisons } from '../../../runtime/verify/tolerance.ts';
import { tensor } from '../../../spec/tensor.ts';

const logits = (values: readonly number[], width = values.length) =>
  tensor('float32', [1, values.length / width, width], values);
const limit = { abs: 1e-4, kl: 1e-7 };

test('counts the largest difference, the positions that agree and the divergence', () => {
  const d = compareLogits(logits([0, 1, 2, 5, 3, 0], 3), logits([0, 1, 2.5, 3, 5, 0], 3), limit);
  assert.is(d.abs, 2);
  assert.is(d.worst, 1);
  assert.is(d.positions, 2);
  assert.is(d.top1, 0.5);
  assert.is(d.upsets, 1);
  const [p, q] = [
    [5, 3, 0],
    [3, 5, 0],
  ].map((x) => x.map((v) => Math.exp(v) / x.reduce((s, u) => s + Math.exp(u), 0)));
  const kl = p!.reduce((s, v, i) => s + v * Math.log(v / q![i]!), 0);
  assert.ok(Math.abs(d.kl - kl) < 1e-12);
  assert.not.ok(within(d, limit));
});

test('equal logits are within any limit, nothing at all is not', () => {
  const same = compareLogits(logits([1, 2]), logits([1, 2]), limit);
  assert.ok(within(same, { abs: 0, kl: 0 }));
  assert.not.ok(
    within(compareLogits(tensor('float32', [1, 0, 3], []), tensor('float32', [1, 0, 3], []), limit), limit),
  );
});

test('a near tie may fall either way, a clear choice may not', () => {
  const near = compareLogits(logits([1, 1.00005]), logits([1.00004, 1.00003]), limit);
  assert.is(near.top1, 0);
  assert.is(near.upsets, 0);
  assert.is(compareLogits(logits([1, 1.01]), logits([1.01, 1]), limit).upsets, 1);
});

test('what is not finite, and what has another shape, is infinitely far', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.not.ok(within(compareLogits(logits([0, 1]), logits([0, bad]), limit), limit));
    assert.not.ok(within(compareLogits(logits([0, bad]), logits([0, bad]), limit), limit));
    assert.is(compareValues(logits([bad]), logits([0])).abs, Number.POSITIVE_INFINITY);
  }
  assert.is(compareLogits(logits([0, 1]), logits([0, 1], 1), limit).abs, Number.POSITIVE_INFINITY);
});

test('the largest is the first of equals', () => {
  assert.is(argmax([1, 3, 3]), 1);
  assert.is(argmax([9, 1, 3, 3], 1, 3), 1);
  assert.is(argmax([Number.NaN, 1]), 1);
});

test('narrower arithmetic and storage may differ more, never less', () => {
  for (const kind of comparisons) {
    const by = (storage: 'float32' | 'float16' | 'bfloat16', compute: 'float32' | 'float16' | 'bfloat16') =>
      allowed(kind, { storage, compute }).abs;
    assert.ok(by('float32', 'float32') <= by('float16', 'float32'));
    assert.ok(by('float16', 'float32') <= by('bfloat16', 'float32'));
    assert.ok(by('float32', 'float32') < by('float32', 'float16'));
  }
  // Below the smallest modelling error that was measured, an epsilon of 1e-5 in a norm.
  assert.ok(allowed('golden', { storage: 'float32', compute: 'float32' }).abs < 3e-4);
  assert.is(allowed('self', { storage: 'float32', compute: 'float32' }, 0.5).abs, 0.5);
});

test('halves go there and back', () => {
  for (let bits = 0; bits < 0x7c00; bits++) {
    if (toHalf(fromHalf(bits)) !== bits) assert.unreachable(`half ${bits}`);
  }
  // Ties to even, subnormals, overflow.
  assert.is(toHalf(1 + 2 ** -11), 0x3c00);
  assert.is(toHalf(1 + 3 * 2 ** -11), 0x3c02);
  assert.is(toHalf(2 ** -25), 0);
  assert.is(toHalf(3 * 2 ** -25), 2);
  assert.is(toHalf(65520), 0x7c00);
  assert.is(toHalf(65519), 0x7bff);
  assert.is(toHalf(-0), 0x8000);
  assert.is(fromHalf(0xfc00), Number.NEGATIVE_INFINITY);
  assert.ok(Number.isNaN(fromHalf(toHalf(Number.NaN))));
});

test.run();
