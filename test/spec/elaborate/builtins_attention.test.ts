import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import { place_cache } from '../../../compiler/passes/place_cache.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { tensor } from '../../../spec/tensor.ts';
import { apart, ids, noise, weightsFor } from '../../compiler/tiny_graph.ts';
import { graphOf } from './probe.ts';

const [B, T, H, K, D] = [2, 6, 4, 2, 4];
const q = noise(1, 'float32', B, T, H, D);
const k = noise(2, 'float32', B, T, K, D);
const other = noise(3, 'float32', B, 3, K, D);
const feeds = {
  input_ids: ids(4, 10, B, T),
  x: noise(5, 'float32', B, T, 16),
  wide: noise(6, 'float32', B, T, 16),
  yes: tensor('bool', [B, T, 16], new Uint8Array(B * T * 16)),
  q,
  k,
  other,
};

/** What an expression gives for tokens without a past. */
function given(body: string): Tensor {
  const graph = place_cache({ cache: 'none' }).run(graphOf(body), { trace: () => {} });
  const known = Object.fromEntries(
    Object.entries(feeds).filter(([name]) => graph.inputs.some((i) => i.name === name)),
  );
  return evaluator(graph, weightsFor(graph)).run(known)['y']!;
}

interface Rules {
  readonly keys?: Tensor;
  readonly seen?: (i: number, j: number) => boolean;
  readonly bias?: (h: number, i: number, j: number) => number;
  readonly scale?: number;
  readonly cap?: number;
}

/** The formula of the language reference over keys that are values too, by plain loops. */
function expected({ keys = k, seen = () => true, bias = () => 0, scale = 0.5, cap }: Rules): Tensor {
  const n = keys.shape[1]!;
  const y: number[] = [];
  for (let b = 0; b < B; b++) {
    for (let i = 0; i < T; i++) {
      for (let h = 0; h < H; h++) {
        const at = (j: number, d: number) => keys.data[((b * n + j) * K + Math.floor(h / (H / K))) * D + d]!;
        const weights = Array.from({ length: n }, (_, j) => {
          if (!seen(i, j)) return 0;
          let score = 0;
          for (let d = 0; d < D; d++) score += scale * q.data[((b * T + i) * H + h) * D + d]! * at(j, d);
          return Math.exp((cap ? cap * Math.tanh(score / cap) : score) + bias(h, i, j));
        });
        const total = weights.reduce((a, w) => a + w, 0);
        for (let d = 0; d < D; d++) y.push(weights.reduce((sum, w, j) => sum + (w / total) * at(j, d), 0));
      }
    }
  }
  return tensor('float32', [B, T, H, D], y);
}

const causal = (i: number, j: number): boolean => j <= i;
const close = 1e-6;

const cases: readonly (readonly [string, Rules, Rules])[] = [
  ['', { seen: causal }, { seen: () => true }],
  [', scale=0.25', { seen: causal, scale: 0.25 }, { seen: causal }],
  [', softcap=0.3', { seen: causal, cap: 0.3 }, { seen: causal }],
  // own token included: a window of two sees the token before
  [
    ', window=2',
    { seen: (i, j) => causal(i, j) && i - j < 2 },
    { seen: (i, j) => causal(i, j) && i - j < 3 },
  ],
  [', visible=near', { seen: (i, j) => causal(i, j) && i >> 2 === j >> 2 }, { seen: causal }],
  [
    ', bias=lean',
    { seen: causal, bias: (h, i, j) => h * (j - i) },
    { seen: causal, bias: (h, i, j) => (h + 1) * (j - i) },
  ],
  [
    ', window=3, visible=near, bias=lean',
    { seen: (i, j) => causal(i, j) && i - j < 3 && i >> 2 === j >> 2, bias: (h, i, j) => h * (j - i) },
    { seen: (i, j) => causal(i, j) && i - j < 3, bias: (h, i, j) => h * (j - i) },
  ],
];

for (const [options, rules, twin] of cases) {
  test(`attention(q, k, v${options}) is what the reference says`, () => {
    const y = given(`a = cache(k) return attention(q, a, a${options})`);
    assert.ok(apart(y, expected(rules)) < close, `${apart(y, expected(rules))}`);
    assert.ok(apart(y, expected(twin)) > 1e-3);
  });
}

test('keys of another input are all seen, by every token', () => {
  const y = given('attention(q, other, other)');
  assert.ok(apart(y, expected({ keys: other })) < close);
  assert.ok(apart(y, expected({ keys: other, seen: causal })) > 1e-3);
});

test('q, k and v are turned once each, and no mask is made for another input', () => {
  const graph = graphOf('attention(q, other, other)');
  const node = graph.nodes.find((n) => n.op === 'attention')!;
  assert.equal([node.attrs['mask'], node.attrs['plain'], node.inputs.length], [false, true, 3]);
  assert.is(graph.nodes.filter((n) => n.op === 'transpose').length, 3);
});

test('attention says of its mask whether the targets can make it themselves', () => {
  const attrs = (options: string) =>
    graphOf(`a = cache(k) return attention(q, a, a${options})`).nodes.find((n) => n.op === 'attention')!
      .attrs;
  assert.equal([attrs('')['plain'], attrs('')['window']], [true, null]);
  assert.equal([attrs(', window=few')['plain'], attrs(', window=few')['window']], [true, 3]);
  assert.is(attrs(', visible=near')['plain'], false);
  assert.is(attrs('')['scale'], 0.5);
});

test.run();
