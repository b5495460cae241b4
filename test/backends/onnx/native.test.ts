import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onnx } from '../../../backends/onnx/index.ts';
import { keptAt } from '../../../backends/onnx/native.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { runPasses } from '../../../compiler/pipeline.ts';
import type { Composite } from '../../../spec/ops/index.ts';
import { apart, B, sketch, T, typed } from '../../compiler/tiny_graph.ts';
import { cases, feedsOf, moved, oneOp, spelled } from '../composite_cases.ts';
import { opsets, optionsAt, runOnnx, runReference } from './run_onnx.ts';

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
        const other = { ...feeds, x0: moved(one.operands[0]!.value) };
        const changed = runReference(spelled(graph), other)['y'];
        assert.ok(apart(y, changed) > 1e-3, `case ${i}, opset ${opset} does not see its operand`);
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
