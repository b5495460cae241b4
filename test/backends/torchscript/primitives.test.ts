/** Every primitive as TorchScript is what the interpreter computes. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Primitive } from '../../../spec/op.ts';
import { primitives } from '../../../spec/primitives/index.ts';
import { apart } from '../../compiler/tiny_graph.ts';
import { withTorch } from '../../golden/torch_here.ts';
import { runReference } from '../onnx/run_onnx.ts';
import { bent, cases, feedsOf, oneOp } from '../primitive_cases.ts';
import { runTorchscript } from './run_torchscript.ts';

const tolerance = 2e-6;

await withTorch((torch) => {
  for (const op of Object.keys(cases) as Primitive[]) {
    test(`${op} is what its reference computes`, async () => {
      for (const [i, one] of cases[op].entries()) {
        const graph = oneOp(op, one);
        const feeds = feedsOf(one);
        const { y } = await runTorchscript(torch, graph, feeds);
        const far = apart(y, runReference(graph, feeds)['y']);
        assert.ok(far <= tolerance, `case ${i}: off by ${far}`);
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
      const { y } = await runTorchscript(torch, graph, feeds);
      const other = runReference(graph, { ...feeds, x0: bent(first.value) })['y'];
      assert.ok(apart(y, other) > 1e-3, op);
    }
  });

  const narrowable = (Object.keys(primitives) as Primitive[]).filter(
    (op) =>
      cases[op][0]!.operands.some((o) => o.value.dtype === 'float32') &&
      !['cast', 'floordiv', 'mod', 'floor'].includes(op),
  );

  test('bfloat16 is computed and rounded as the reference does', async () => {
    for (const op of narrowable) {
      const [one] = cases[op];
      const graph = oneOp(op, one!, 'bfloat16');
      const feeds = feedsOf(one!);
      const { y } = await runTorchscript(torch, graph, feeds, { compute: 'bfloat16' });
      const far = apart(y, runReference(graph, feeds)['y']);
      assert.ok(far <= 4 * 2 ** -7, `${op}: off by ${far}`);
    }
  });
});

test.run();
