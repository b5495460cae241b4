import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flatten_rows } from '../../../backends/onnx/flatten_rows.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { printGraph } from '../../../compiler/graph/print.ts';
import { merge_views } from '../../../compiler/passes/merge_views.ts';
import { runPasses } from '../../../compiler/pipeline.ts';
import { size } from '../../../spec/dim.ts';
import { tinyGpt } from '../../compiler/tiny_gpt.ts';
import { B, dims, distance, ids, noise, sketch, T, typed } from '../../compiler/tiny_graph.ts';
import { placed, runReference } from './run_onnx.ts';

const flat = (graph: Graph): Graph => runPasses(graph, [flatten_rows, merge_views]);
const ops = (graph: Graph): string =>
  graph.nodes
    .filter((n) => !['input', 'param', 'scalar'].includes(n.op))
    .map((n) => `${n.op}[${n.type.shape.length}]`)
    .join(' ');

/** A block between two weights, and a residual around it. */
function block(): Graph {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 4));
  const up = s.op('linear', [s.op('rms_norm', [x], { eps: 1e-6 }), s.param('up', [8, 4])]);
  const gate = s.op('linear', [s.w.slice(up, 2, size(0), size(3)), s.param('gate', [1, 3])]);
  const mixed = s.w.mul(s.op('silu', [up]), s.w.sigmoid(gate));
  const y = s.w.add(x, s.op('linear', [mixed, s.param('down', [4, 8])]));
  s.output('y', s.op('linear', [s.op('rms_norm', [y], { eps: 1e-6 }), s.param('out', [5, 4])]));
  return s.finish();
}

test('from one weight to the next everything works on rows', () => {
  assert.is(
    ops(flat(block())),
    'rms_norm[3] reshape[2] linear[2] slice[2] linear[2] silu[2] sigmoid[2] mul[2] linear[2] ' +
      'reshape[2] add[2] rms_norm[2] linear[2] reshape[3]',
  );
});

test('leaves what sees more than a row alone', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 4));
  const y = s.op('linear', [x, s.param('w', [4, 4])]);
  const summed = s.w.sum(s.w.exp(y), 1);
  s.output('y', s.w.mul(summed, s.w.reshape(s.w.sum(y, 2), dims([B, T, 1]))));
  assert.is(
    ops(flat(s.finish())),
    'reshape[2] linear[2] exp[2] reshape[3] reduce_sum[3] reduce_sum[2] reshape[3] mul[3]',
  );
});

test('nothing moves below the last weight, where a reshape would copy', () => {
  const s = sketch();
  const y = s.op('linear', [s.input('x', typed('float32', B, T, 4)), s.param('w', [9, 4])]);
  s.output('logits', s.w.tanh(s.w.slice(y, 2, size(0), size(7))));
  assert.is(ops(flat(s.finish())), 'reshape[2] linear[2] reshape[3] slice[3] tanh[3]');
});

test('changes no number', () => {
  const graph = block();
  const x = noise(1, 'float32', 2, 3, 4);
  const far = distance(runReference(graph, { x }), runReference(flat(graph), { x }));
  assert.is(far, 0);
  const other = runReference(flat(graph), { x: noise(2, 'float32', 2, 3, 4) });
  assert.ok(distance(runReference(graph, { x }), other) > 1e-2);
  const gpt = placed(tinyGpt({ smear: false }), 'none');
  const feeds = { input_ids: ids(3, 11, 2, 5) };
  assert.is(distance(runReference(gpt, feeds), runReference(flat(gpt), feeds)), 0);
});

test('a second run changes nothing', () => {
  const once = flat(placed(tinyGpt(), 'dynamic'));
  assert.is(printGraph(flat(once)), printGraph(once));
});

test.run();
