import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Primitive } from '../../../spec/op.ts';
import { primitives } from '../../../spec/primitives/index.ts';
import { apart } from '../../compiler/tiny_graph.ts';
import { bent, cases, feedsOf, oneOp } from '../primitive_cases.ts';
import { opsets, runOnnx, runReference } from './run_onnx.ts';

const tolerance = 2e-6;

for (const op of Object.keys(cases) as Primitive[]) {
  test(`${op} is what its reference computes`, async () => {
    for (const opset of opsets) {
      for (const [i, one] of cases[op].entries()) {
        const graph = oneOp(op, one);
        const feeds = feedsOf(one);
        const { y } = await runOnnx(graph, opset, feeds);
        const expected = runReference(graph, feeds)['y'];
        const far = apart(y, expected);
        assert.ok(far <= tolerance, `case ${i}, opset ${opset}: off by ${far}`);
      }
    }
  });
}

test('a bent operand is seen', async () => {
  for (const op of Object.keys(cases) as Primitive[]) {
    const [one] = cases[op];
    const first = one!.operands[0];
    if (!first) continue;
    const graph = oneOp(op, one!);
    const feeds = feedsOf(one!);
    const { y } = await runOnnx(graph, 21, feeds);
    const other = runReference(graph, { ...feeds, x0: bent(first.value) })['y'];
    assert.ok(apart(y, other) > 1e-3, op);
  }
});

const narrowable: readonly Primitive[] = Object.keys(primitives).filter((op): op is Primitive => {
  const [one] = cases[op as Primitive];
  return (
    one!.operands.some((o) => o.value.dtype === 'float32') &&
    !['cast', 'floordiv', 'mod', 'floor'].includes(op)
  );
}) as Primitive[];

for (const [narrow, step] of [
  ['float16', 2 ** -10],
  ['bfloat16', 2 ** -7],
] as const) {
  test(`${narrow} is computed and rounded as the reference does`, async () => {
    for (const op of narrowable) {
      const [one] = cases[op];
      const graph = oneOp(op, one!, narrow);
      const feeds = feedsOf(one!);
      const { y } = await runOnnx(graph, 21, feeds);
      const far = apart(y, runReference(graph, feeds)['y']);
      // Sums of up to five products below 1, in whatever order, then one rounding; the exponential reaches e.
      assert.ok(far <= 4 * step, `${op}: off by ${far}`);
    }
  });
}

test.run();
