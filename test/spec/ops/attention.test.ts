import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Attention, attention } from '../../../spec/ops/attention.ts';
import { type Tensor, tensor } from '../../../spec/tensor.ts';
import { apart, close, meaning, noise, refused } from './meaning.ts';

const [B, H, K, T, S, D, E] = [2, 4, 2, 3, 5, 4, 3];
const qs = noise(1, B * H * T * D);
const ks = noise(2, B * K * S * D);
const vs = noise(3, B * K * S * E);
const q = tensor('float32', [B, H, T, D], qs);
const k = tensor('float32', [B, K, S, D], ks);
const v = tensor('float32', [B, K, S, E], vs);
const plain: Attention = {
  scale: 0.5,
  softcap: null,
  window: null,
  mask: false,
  bias: false,
  sinks: false,
  plain: true,
};

interface Rules {
  readonly seen?: (b: number, t: number, s: number) => boolean;
  readonly bias?: (h: number, t: number, s: number) => number;
  readonly sinks?: readonly number[];
  readonly softcap?: number;
  /** Heads of k for heads of q. */
  readonly group?: (h: number) => number;
}

/** The formula of the language reference, by plain loops in double. */
function expected({
  seen = () => true,
  bias = () => 0,
  sinks,
  softcap,
  group = (h) => Math.floor(h / 2),
}: Rules) {
  const y: number[] = [];
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      for (let t = 0; t < T; t++) {
        const g = b * K + group(h);
        const weights = Array.from({ length: S }, (_, s) => {
          if (!seen(b, t, s)) return 0;
          let score = 0;
          for (let d = 0; d < D; d++)
            score += plain.scale * qs[((b * H + h) * T + t) * D + d]! * ks[(g * S + s) * D + d]!;
          if (softcap) score = softcap * Math.tanh(score / softcap);
          return Math.exp(score + bias(h, t, s));
        });
        const total = weights.reduce((a, w) => a + w, sinks ? Math.exp(sinks[h]!) : 0);
        for (let e = 0; e < E; e++)
          y.push(weights.reduce((a, w, s) => a + (w / total) * vs[(g * S + s) * E + e]!, 0));
      }
    }
  }
  return y;
}

const causal = (_: number, t: number, s: number): boolean => s <= t + S - T;
const maskOf = (seen: (b: number, t: number, s: number) => boolean): Tensor =>
  tensor(
    'bool',
    [B, 1, T, S],
    Array.from({ length: B * T * S }, (_, i) => +seen(Math.floor(i / (T * S)), Math.floor(i / S) % T, i % S)),
  );

test('every head of q reads the head of k and v of its group', () => {
  const y = meaning(attention, [q, k, v], plain).data;
  assert.ok(apart(y, expected({})) < close);
  assert.ok(apart(y, expected({ group: (h) => h % 2 })) > 0.01);
  assert.ok(apart(meaning(attention, [q, k, v], { ...plain, scale: 0.51 }).data, expected({})) > 1e-4);
});

test('a mask hides keys, each row of the batch its own', () => {
  const seen = (b: number, t: number, s: number) => causal(b, t, s) && !(b === 1 && s === 0);
  const y = meaning(attention, [q, k, v, maskOf(seen)], { ...plain, mask: true }).data;
  assert.ok(apart(y, expected({ seen })) < close);
  assert.ok(apart(y, expected({ seen: causal })) > 1e-3);
});

test('a row that sees nothing makes no NaN', () => {
  const y = meaning(attention, [q, k, v, maskOf((b, t, s) => b === 0 && causal(b, t, s))], {
    ...plain,
    mask: true,
  });
  assert.ok([...y.data].every(Number.isFinite));
  const half = y.data.length / 2;
  assert.ok(apart(y.data.slice(0, half), expected({ seen: causal }).slice(0, half)) < close);
});

test('scores are capped before they are biased and masked', () => {
  const bias = (h: number, t: number, s: number) => 0.3 * (h + 1) * (s - t);
  const biases = tensor(
    'float32',
    [1, H, T, S],
    Array.from({ length: H * T * S }, (_, i) => bias(Math.floor(i / (T * S)), Math.floor(i / S) % T, i % S)),
  );
  const attrs: Attention = { ...plain, softcap: 0.4, mask: true, bias: true };
  const y = meaning(attention, [q, k, v, maskOf(causal), biases], attrs).data;
  assert.ok(apart(y, expected({ seen: causal, bias, softcap: 0.4 })) < close);
  assert.ok(apart(y, expected({ seen: causal, bias })) > 1e-3);
  assert.ok(apart(y, expected({ seen: causal, softcap: 0.4 })) > 1e-3);
});

test('a sink takes a share and gives no value', () => {
  const sinks = [-1, 0, 1, 2];
  const attrs: Attention = { ...plain, mask: true, sinks: true };
  const y = meaning(attention, [q, k, v, maskOf(causal), tensor('float32', [H], sinks)], attrs).data;
  assert.ok(apart(y, expected({ seen: causal, sinks })) < close);
  assert.ok(apart(y, expected({ seen: causal })) > 0.01);
});

test('narrow operands give narrow results, from a float32 softmax', () => {
  const narrow = [q, k, v].map((x) => ({
    ...x,
    dtype: 'bfloat16' as const,
    data: x.data.map((n) => Math.round(n * 64) / 64),
  }));
  const y = meaning(attention, narrow, plain);
  assert.is(y.dtype, 'bfloat16');
  const wide = meaning(
    attention,
    narrow.map((x) => ({ ...x, dtype: 'float32' as const })),
    plain,
  );
  assert.ok(apart(y.data, wide.data) < 2 ** -6);
});

test('operands that do not fit are refused', () => {
  const why = (inputs: readonly Tensor[], attrs: Partial<Attention> = {}) =>
    refused(attention, inputs, { ...plain, ...attrs } as Attention);
  assert.match(
    why([q, k, tensor('float32', [B, K, S + 1, E], noise(4, B * K * (S + 1) * E))]),
    'keys and values differ in number',
  );
  assert.match(why([k, q, q]), 'heads do not group');
  assert.match(why([q, k, v, maskOf(causal)]), 'found 4 inputs');
  assert.match(why([q, k, { ...v, dtype: 'float16' }]), 'dtypes float32, float32 and float16');
  assert.match(why([q, k, v, tensor('float32', [S], noise(5, S))], { mask: true }), 'the mask must be bool');
  assert.match(
    why([q, k, v, tensor('bool', [S + 1], noise(5, S + 1))], { mask: true }),
    'mask or bias [6] against scores',
  );
  assert.match(why([q, k, v, tensor('float32', [K], [1, 2])], { sinks: true }), 'are not one for each head');
});

test.run();
