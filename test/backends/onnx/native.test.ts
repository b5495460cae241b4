import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onnx } from '../../../backends/onnx/index.ts';
import { keptAt } from '../../../backends/onnx/native.ts';
import type { Graph } from '../../../compiler/ir.ts';
import { decompose_composites } from '../../../compiler/passes/decompose_composites.ts';
import { runPasses } from '../../../compiler/pipeline.ts';
import type { Feeds } from '../../../runtime/session.ts';
import { add, type Dim } from '../../../spec/dim.ts';
import type { Attrs } from '../../../spec/op.ts';
import type { Composite } from '../../../spec/ops/index.ts';
import { type Tensor, tensor } from '../../../spec/tensor.ts';
import type { GraphDType } from '../../../spec/type.ts';
import { apart, B, ids, noise, P, sketch, T, typed } from '../../compiler/tiny_graph.ts';
import { opsets, optionsAt, runOnnx, runReference } from './run_onnx.ts';

interface Operand {
  readonly shape: readonly (number | Dim)[];
  readonly value: Tensor;
}
interface Case {
  readonly operands: readonly Operand[];
  readonly attrs?: Attrs;
}

const real = (seed: number, shape: readonly (number | Dim)[], ...fed: number[]): Operand => ({
  shape,
  value: noise(seed, 'float32', ...fed),
});

const x = real(1, [B, T, 6], 2, 3, 6);
const S = add(P, T);
const attention = {
  scale: 0.3,
  softcap: null,
  window: null,
  mask: false,
  bias: false,
  sinks: false,
  plain: false,
};
const heads = (q: number, k: number, value = 4): readonly Operand[] => [
  real(2, [B, q, T, 4], 2, q, 3, 4),
  real(3, [B, k, S, 4], 2, k, 5, 4),
  real(4, [B, k, S, value], 2, k, 5, value),
];
/** The first row of the batch begins with a pad: its first token sees nothing. */
const mask: Operand = {
  shape: [B, 1, T, S],
  value: tensor(
    'bool',
    [2, 1, 3, 5],
    [...[0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0], ...[1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]],
  ),
};
const turned = (width: number, pairs: number): readonly Operand[] => [
  real(5, [B, T, 3, width], 2, 3, 3, width),
  real(6, [B, T, 1, pairs], 2, 3, 1, pairs),
  real(7, [B, T, 1, pairs], 2, 3, 1, pairs),
];

const cases: Readonly<Record<Composite, readonly Case[]>> = {
  append: [{ operands: [x, real(8, [B, P, 6], 2, 1, 6)], attrs: { axis: 1 } }],
  attention: [
    { operands: heads(4, 4), attrs: attention },
    { operands: [...heads(4, 2), mask], attrs: { ...attention, mask: true } },
    { operands: [...heads(3, 1, 6), mask], attrs: { ...attention, mask: true, softcap: 0.5 } },
    {
      operands: [...heads(4, 2), mask, real(9, [1, 4, T, S], 1, 4, 3, 5)],
      attrs: { ...attention, mask: true, bias: true },
    },
    { operands: [...heads(4, 2), mask, real(10, [4], 4)], attrs: { ...attention, mask: true, sinks: true } },
  ],
  gelu: [{ operands: [x] }],
  gelu_tanh: [{ operands: [x] }],
  layer_norm: [
    { operands: [x], attrs: { eps: 1e-5 } },
    { operands: [real(11, [T, 1, 5, 6], 3, 1, 5, 6)], attrs: { eps: 0.1 } },
  ],
  linear: [
    { operands: [x, real(12, [4, 6], 4, 6)] },
    { operands: [real(13, [T, 6], 3, 6), real(12, [4, 6], 4, 6)] },
    { operands: [real(14, [B, 2, T, 6], 2, 2, 3, 6), real(12, [4, 6], 4, 6)] },
  ],
  rms_norm: [
    { operands: [x], attrs: { eps: 2 ** -23 } },
    { operands: [real(15, [B, T, 2, 6], 2, 3, 2, 6)], attrs: { eps: 0.1 } },
  ],
  rotary: [
    { operands: turned(6, 3), attrs: { pairing: 'halves' } },
    { operands: turned(6, 2), attrs: { pairing: 'halves' } },
    { operands: turned(6, 3), attrs: { pairing: 'interleaved' } },
    { operands: turned(6, 2), attrs: { pairing: 'interleaved' } },
  ],
  rotary_table: [
    {
      operands: [{ shape: [B, T], value: ids(16, 50, 2, 3) }],
      attrs: { part: 'sin', freqs: [1, 0.25], magnitude: 1.5, rounded: 'bfloat16', length: 64 },
    },
  ],
  silu: [{ operands: [x] }],
  softmax: [{ operands: [x] }],
};

function oneOp(op: string, { operands, attrs = {} }: Case, narrow?: GraphDType): Graph {
  const s = sketch(op);
  const given = operands.map(({ shape, value }, i) => {
    const input = s.input(`x${i}`, typed(value.dtype, ...shape));
    const table = op === 'rotary' && i > 0;
    return narrow && value.dtype === 'float32' && !table ? s.w.cast(input, narrow) : input;
  });
  const y = s.op(op, given, attrs);
  s.output('y', narrow ? s.w.cast(y, 'float32') : y);
  return s.finish();
}

const feedsOf = ({ operands }: Case): Feeds =>
  Object.fromEntries(operands.map(({ value }, i) => [`x${i}`, value]));

const spelled = (graph: Graph): Graph => runPasses(graph, [decompose_composites({ keep: [] })]);
const tolerance = 2e-6;

for (const op of Object.keys(cases) as Composite[]) {
  test(`${op} is what its meaning in primitives computes`, async () => {
    for (const opset of opsets) {
      for (const [i, one] of cases[op].entries()) {
        const graph = oneOp(op, one);
        const feeds = feedsOf(one);
        const expected = runReference(spelled(graph), feeds)['y'];
        const { y } = await runOnnx(runPasses(graph, onnx.passes(optionsAt(opset))), opset, feeds);
        assert.ok(apart(y, expected) <= tolerance, `case ${i}, opset ${opset}: off by ${apart(y, expected)}`);
        const first = one.operands[0]!.value;
        const other = {
          ...feeds,
          x0: tensor(
            first.dtype,
            first.shape,
            first.data.map((v) => v + 0.5 + v * v),
          ),
        };
        const moved = runReference(spelled(graph), other)['y'];
        assert.ok(apart(y, moved) > 1e-3, `case ${i}, opset ${opset} does not see its operand`);
      }
    }
  });
}

test('narrow floats are computed as their meaning says', async () => {
  for (const [narrow, step] of [
    ['float16', 2 ** -10],
    ['bfloat16', 2 ** -7],
  ] as const) {
    for (const op of Object.keys(cases) as Composite[]) {
      if (op === 'rotary_table') continue;
      for (const opset of [21, 26]) {
        const [one] = cases[op];
        const graph = oneOp(op, one!, narrow);
        const expected = runReference(spelled(graph), feedsOf(one!))['y'];
        const { y } = await runOnnx(runPasses(graph, onnx.passes(optionsAt(opset))), opset, feedsOf(one!));
        assert.ok(apart(y, expected) <= 4 * step, `${narrow} ${op}: off by ${apart(y, expected)}`);
      }
    }
  }
});

/** What is said of each op of a graph at an opset. */
const verdicts = (graph: Graph, opset: number): readonly (string | boolean)[] =>
  graph.nodes.filter((n) => n.op === graph.name).map(keptAt(opset));

test('says why an op is spelled out', () => {
  const gelu = oneOp('gelu', cases.gelu[0]!);
  assert.is(verdicts(gelu, 19)[0], 'opset 19 is below 20');
  assert.is(verdicts(gelu, 20)[0], true);
  const narrow = oneOp('softmax', cases.softmax[0]!, 'float16');
  assert.is(verdicts(narrow, 21)[0], 'it is computed in float32, and this is float16');
  const s = sketch('rms_norm');
  s.output('y', s.op('rms_norm', [s.input('x', typed('float32', B, T))], { eps: 1e-6 }));
  assert.is(verdicts(s.finish(), 21)[0], 'its width is known only when running');
});

test('keeps an op where the opset has an operator', () => {
  const written = (op: Composite, opset: number): readonly string[] => {
    const legal = runPasses(oneOp(op, cases[op][0]!), onnx.passes(optionsAt(opset)));
    return legal.nodes.map((n) => n.op);
  };
  assert.ok(written('gelu', 21).includes('gelu'));
  assert.not(written('gelu', 19).includes('gelu'));
  assert.ok(written('attention', 17).includes('attention'));
});

test('a mask of a row that sees nothing leaves numbers, and the same ones at every opset', async () => {
  const graph = oneOp('attention', cases.attention[1]!);
  for (const opset of opsets) {
    const { y } = await runOnnx(graph, opset, feedsOf(cases.attention[1]!));
    assert.ok(y!.data.every(Number.isFinite));
    const value = cases.attention[1]!.operands[2]!.value.data;
    const mean = [0, 1, 2, 3, 4].reduce((sum, key) => sum + value[key * 4]! / 5, 0);
    assert.ok(Math.abs(y!.data[0]! - mean) < 1e-6, 'a blind row is the mean of all values');
  }
});

test.run();
