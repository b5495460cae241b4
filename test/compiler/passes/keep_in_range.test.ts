/** float16 arithmetic, each value rounded as it leaves its op, stays in range where activations are multiplied. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findBackend } from '../../../backends/index.ts';
import { openCheckpoint } from '../../../compiler/checkpoint/open_checkpoint.ts';
import { compile } from '../../../compiler/compile.ts';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { pipeline, runPasses } from '../../../compiler/pipeline.ts';
import { loadSpec } from '../../../driver/specs/load_spec.ts';
import { compareLogits } from '../../../runtime/verify/compare.ts';
import { allowed } from '../../../runtime/verify/tolerance.ts';
import { roundTo } from '../../../spec/round.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { fixture } from '../../golden/compile_fixture.ts';

const half = 'float16';
const torchscript = findBackend('torchscript');
const emitted = { opset: 21, external: 'never', fileName: 'm.pt' } as const;
const feeds = {
  input_ids: { dtype: 'int64', shape: [1, 6], data: Float64Array.from([3, 1, 4, 1, 5, 9]) },
} as const;

type Scale = (name: string) => number;
type Asked = Pick<Parameters<typeof compile>[0], 'source' | 'include' | 'checkpoint'>;

const compiledFor = (asked: Asked) => {
  const { value, diagnostics } = compile({
    ...asked,
    ...{ cache: 'none', storage: half, compute: half, wholeWeights: true },
    backendPasses: torchscript.passes(emitted),
  });
  if (!value) throw new Error(JSON.stringify(diagnostics.map((d) => d.message)));
  return value;
};

/** Logits with float16 arithmetic, with the pass and without it, and with float32 arithmetic on the same weights. */
function measured(asked: Asked, scale: Scale) {
  const { graph, built, reference, weightsOf } = compiledFor(asked);
  const bare = pipeline({
    ...{ cache: 'none', logits: 'all', storage: half, compute: half, wholeWeights: true },
  }).filter(({ name }) => name !== 'keep_in_range');
  const run = (of: Graph): Tensor => {
    const own = weightsOf(of);
    const values = (name: string): Float32Array =>
      own.values(name).map((x) => roundTo(half, x * scale(name)));
    return evaluator(of, { values }).run(feeds)['logits']!;
  };
  const without = runPasses(built, [...bare, ...torchscript.passes(emitted)]);
  return { ours: run(graph), without: run(without), exact: run(reference), graph, bare: without };
}

const allFinite = ({ data }: Tensor): boolean => data.every((x) => Number.isFinite(x));
const limits = allowed('reference', { storage: half, compute: half });
const far = (a: Tensor, b: Tensor): number => compareLogits(a, b, limits).abs;

const bySuffix =
  (factors: Readonly<Record<string, number>>): Scale =>
  (name) =>
    Object.entries(factors).find(([end]) => name.endsWith(end))?.[1] ?? 1;

const squared = bySuffix({ 'mlp.c_fc.weight': 2 ** 7, 'mlp.c_proj.weight': 2 ** -14 });

for (const name of ['nanochat-g1-mha', 'nanochat-g4-valueembed', 'nanochat-g7-mha-t300']) {
  test(`${name} with its squared relus 16384 times as large is the same function`, () => {
    const checkpoint = openCheckpoint(fixture(name));
    const spec = name === 'nanochat-g4-valueembed' ? 'nanochat_2026_01' : 'nanochat';
    const asked = { ...loadSpec(spec, checkpoint), checkpoint };
    const { ours, without, exact } = measured(asked, squared);
    const plain = measured(asked, () => 1);
    assert.ok(allFinite(ours));
    assert.ok(far(exact, ours) <= limits.abs, `${far(exact, ours)} from float32 on the same weights`);
    assert.ok(far(plain.exact, ours) <= limits.abs, `${far(plain.exact, ours)} from the model as it was`);
    assert.not(allFinite(without), 'without the pass it overflows');
    assert.ok(far(plain.without, plain.ours) <= limits.abs / 4, 'healthy numbers are left as they were');
  });
}

const spec = (body: string): Asked => ({
  source: {
    name: 'm.nanospec',
    text: `model m {
      config { dim = 32 hidden = 64 vocab = 40 }
      wte: Embedding(vocab, dim)
      ${body}
    }`,
  },
  include: () => undefined,
});

const gated = (down: string, product: string): string => `
  gate: Linear(dim, hidden)
  up: Linear(dim, hidden)
  ${down}
  lm_head: Linear(dim, vocab)
  forward(tokens: int64[B, T]) -> logits: float32[B, T, vocab] {
    x = rms_norm(wte(tokens))
    y = ${product}
    return float32(lm_head(rms_norm(x + y)))
  }`;

/** What stands before a product with weights, and the factors that take it out of float16's range and back. */
const gate = { 'gate.weight': 2 ** 7, 'up.weight': 2 ** 10 };
const spellings: Readonly<Record<string, readonly [string, Scale]>> = {
  'a gate and what it lets through': [
    gated('down: Linear(hidden, dim)', 'down(swiglu(gate(x), up(x)))'),
    bySuffix({ ...gate, 'down.weight': 2 ** -17 }),
  ],
  'the same with a bias after it': [
    gated('down: Linear(hidden, dim, bias=true)', 'down(swiglu(gate(x), up(x)))'),
    bySuffix({ ...gate, 'down.weight': 2 ** -17 }),
  ],
  'a matrix stored the other way round': [
    gated('down: Conv1D(hidden, dim)', 'down(gelu_tanh(gate(x)) * up(x))'),
    bySuffix({ ...gate, 'down.weight': 2 ** -17 }),
  ],
  'axes merged in between': [
    gated(
      'down: Linear(hidden, dim)',
      'down(((gate(x) as [B, T, 4, hidden / 4]) * (up(x) as [B, T, 4, hidden / 4])) as [B, T, hidden])',
    ),
    bySuffix({ ...gate, 'down.weight': 2 ** -17 }),
  ],
  'a cube': [
    gated('down: Linear(hidden, dim)', 'down(gate(x) * gate(x) * gate(x))'),
    bySuffix({ 'gate.weight': 2 ** 7, 'down.weight': 2 ** -21 }),
  ],
  'a product in float32 that is rounded': [
    gated('down: Linear(hidden, dim)', 'down(float(float32(gate(x)) * float32(up(x))))'),
    bySuffix({ ...gate, 'down.weight': 2 ** -17 }),
  ],
};

const opsOf = ({ nodes }: Graph): readonly string[] => nodes.map(({ op }) => op);

for (const left of [
  'gate(x) + up(x)',
  'sigmoid(gate(x)) * up(x)',
  'gate(x) * sigmoid(up(x))',
  'float(sigmoid(float32(gate(x))))',
]) {
  test(`${left} before a product with weights is left as it is: it grows no faster than its operands`, () => {
    const { graph, bare, ours, exact } = measured(
      spec(gated('down: Linear(hidden, dim)', `down(${left})`)),
      () => 1,
    );
    assert.equal(opsOf(graph), opsOf(bare));
    assert.ok(far(exact, ours) <= limits.abs);
  });
}

test('the product of two that grow is not', () => {
  const { graph, bare } = measured(
    spec(gated('down: Linear(hidden, dim)', 'down(gate(x) * up(x))')),
    () => 1,
  );
  assert.not.equal(opsOf(graph), opsOf(bare));
});

for (const [what, [text, scale]] of Object.entries(spellings)) {
  test(what, () => {
    const { ours, without, exact } = measured(spec(text), scale);
    assert.ok(allFinite(ours));
    assert.ok(far(exact, ours) <= limits.abs, `${far(exact, ours)}`);
    assert.not(allFinite(without), 'without the pass it overflows');
  });
}

const mixture = `
  router: Linear(dim, 4)
  expert[4]: Expert
  lm_head: Linear(dim, vocab)
  block Expert {
    gate: Linear(dim, hidden)
    up: Linear(dim, hidden)
    down: Linear(hidden, dim)
    forward(x) = down(swiglu(gate(x), up(x)))
  }
  forward(tokens: int64[B, T]) -> logits: float32[B, T, vocab] {
    x = rms_norm(wte(tokens))
    p = softmax(router(x))
    p = where(is_top(p, 2), p, 0)
    y = sum([p[..., e:e+1] * f(x) for e, f in expert])
    return float32(lm_head(rms_norm(x + y)))
  }`;

test('experts that a token chose', () => {
  const { ours, without, exact, graph } = measured(
    spec(mixture),
    bySuffix({ ...gate, 'down.weight': 2 ** -17 }),
  );
  assert.ok(graph.nodes.some(({ op }) => op === 'expert_matmul'));
  assert.ok(allFinite(ours));
  assert.ok(far(exact, ours) <= limits.abs, `${far(exact, ours)}`);
  assert.not(allFinite(without), 'without the pass it overflows');
});

/** Ops of float32 that stand for a product kept wide. */
const scales = ({ nodes }: Graph): number => nodes.filter(({ op }) => op === 'reduce_max').length;

test('what a bound keeps in range is left in float16', () => {
  const down = 'down: Linear(hidden, dim)';
  for (const product of [
    'down(gelu(up(x)))',
    'down(sigmoid(gate(x)) * up(x))',
    'down(clamp(gate(x), -7, 7) * up(x))',
    'down(rms_norm(gate(x)) * up(x))',
    'down(0.5 * up(x))',
  ]) {
    assert.is(scales(compiledFor(spec(gated(down, product))).graph), 0, product);
  }
  assert.is(scales(compiledFor(spec(gated(down, 'down(min(gate(x), 7) * up(x))'))).graph), 1);
});

test('other arithmetic is left alone', () => {
  for (const compute of ['float32', 'bfloat16'] as const) {
    const names = pipeline({ cache: 'none', logits: 'all', storage: compute, compute }).map((p) => p.name);
    assert.not(names.includes('keep_in_range'));
  }
});

test.run();
