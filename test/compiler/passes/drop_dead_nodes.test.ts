import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drop_dead_nodes } from '../../../compiler/passes/index.ts';
import { B, noise, sketch, T, typed } from '../tiny_graph.ts';
import { moved, runPass } from './run_pass.ts';

function wasteful(used: 'exp' | 'sin') {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T));
  s.w.tanh(s.w.add(x, s.param('unused', [1])));
  s.output('y', s.w[used](x));
  return s.finish();
}

test('nodes that no output needs go, with the weights that only they read', () => {
  const before = wasteful('exp');
  const { text, lines, graph } = runPass(drop_dead_nodes, before);
  assert.is(text, '%0 = input name="x": float32[B, T]\n%1 = exp(%0): float32[B, T]\noutput y = %1');
  assert.equal(lines, ['3 of 5 nodes']);
  const feeds = { x: noise(1, 'float32', 1, 3) };
  assert.is(moved(before, graph, feeds), 0);
  assert.ok(moved(wasteful('sin'), graph, feeds) > 0.1);
});

test('a graph without dead nodes is the same graph', () => {
  const { graph } = runPass(drop_dead_nodes, wasteful('exp'));
  const again = runPass(drop_dead_nodes, graph);
  assert.is(again.graph, graph);
  assert.equal(again.lines, []);
});

test.run();
