/** Composite ops as calls are what their meanings in primitives compute. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attention, rotary } from '../../../backends/torchscript/functions.ts';
import type { Attention } from '../../../spec/ops/attention.ts';
import type { Composite } from '../../../spec/ops/index.ts';
import { apart } from '../../compiler/tiny_graph.ts';
import { withTorch } from '../../golden/torch_here.ts';
import { cases, feedsOf, moved, oneOp, spelled } from '../composite_cases.ts';
import { runReference } from '../onnx/run_onnx.ts';
import { runTorchscript } from './run_torchscript.ts';

const tolerance = 2e-6;
const ops = Object.keys(cases) as Composite[];
const plain = cases.attention[1]!.attrs as Attention; // the case is of that op

await withTorch((torch) => {
  // The operator of 2.0 is checked where it is.
  const releases = torch.host.version.startsWith('1.') ? (['1.13'] as const) : (['1.13', '2.0'] as const);

  for (const op of ops) {
    test(`${op} is what its meaning in primitives computes`, async () => {
      for (const minLibtorch of releases) {
        for (const [i, one] of cases[op].entries()) {
          const graph = oneOp(op, one);
          const feeds = feedsOf(one);
          const { y } = await runTorchscript(torch, graph, feeds, { minLibtorch });
          const far = apart(y, runReference(spelled(graph), feeds)['y']);
          assert.ok(far <= tolerance, `case ${i} for ${minLibtorch}: off by ${far}`);
          const other = { ...feeds, x0: moved(one.operands[0]!.value) };
          const changed = runReference(spelled(graph), other)['y'];
          assert.ok(apart(y, changed) > 1e-3, `case ${i} for ${minLibtorch} does not see its operand`);
        }
      }
    });
  }

  test('bfloat16 is computed as the meanings say', async () => {
    for (const op of ops) {
      if (op === 'rotary_table') continue;
      const [one] = cases[op];
      const graph = oneOp(op, one!, 'bfloat16');
      const { y } = await runTorchscript(torch, graph, feedsOf(one!), { compute: 'bfloat16' });
      const far = apart(y, runReference(spelled(graph), feedsOf(one!))['y']);
      assert.ok(far <= 4 * 2 ** -7, `${op}: off by ${far}`);
    }
  });

  test('a row that sees no key is the mean of all values', async () => {
    const one = cases.attention[1]!;
    for (const minLibtorch of releases) {
      const { y } = await runTorchscript(torch, oneOp('attention', one), feedsOf(one), { minLibtorch });
      const value = one.operands[2]!.value.data;
      const mean = [0, 1, 2, 3, 4].reduce((sum, key) => sum + value[key * 4]! / 5, 0);
      assert.ok(y!.data.every(Number.isFinite));
      assert.ok(Math.abs(y!.data[0]! - mean) < 1e-6, `${y!.data[0]} for ${mean}`);
    }
  });
});

test('for LibTorch 2.0 attention is its operator, with six operands, where that means the same', () => {
  const call = /torch\.scaled_dot_product_attention\([^,]+, k, v, seen, 0\.0, False\)/;
  assert.match(attention(plain, true, { release: '2.0', half: false }).text, call);
  assert.match(attention(plain, false, { release: '2.0', half: false }).text, call);
  for (const other of [{ softcap: 5 }, { bias: true }, { sinks: true }])
    assert.not.match(attention({ ...plain, ...other }, true, { release: '2.0', half: false }).text, call);
  assert.not.match(attention(plain, true, { release: '1.13', half: false }).text, /scaled_dot_product/);
});

test('rotations join nothing, which a fuser works on without end', () => {
  for (const pairing of ['halves', 'interleaved'] as const)
    for (const partial of [true, false]) assert.not.match(rotary(pairing, partial).text, 'torch.cat');
});

test.run();
