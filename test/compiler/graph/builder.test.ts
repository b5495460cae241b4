import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGraph } from '../../../compiler/check/ir_check.ts';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import { dropDead, newBuilder, rebuild } from '../../../compiler/graph/builder.ts';
import { printGraph } from '../../../compiler/graph/print.ts';
import { Bug } from '../../../spec/diagnostic.ts';
import { size } from '../../../spec/dim.ts';
import { B, noise, origin, sketch, T, typed } from '../tiny_graph.ts';

test('equal nodes are one node with the origins of all', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T));
  s.in('h.0', 1);
  const first = s.w.exp(x);
  s.in('h.1', 2);
  const second = s.w.exp(x);
  s.w.exp(x);
  assert.is(first, second);
  s.output('y', s.w.add(first, second));
  const { nodes, origins } = s.finish();
  assert.is(nodes.length, 3);
  assert.equal(
    origins[first]!.map((o) => o.scope),
    ['h.0', 'h.1'],
  );
});

test('other attributes, inputs or types make other nodes', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T));
  const y = s.input('y', typed('float32', B, T));
  assert.is.not(s.w.sum(x, 0), s.w.sum(x, 1));
  assert.is.not(s.w.sub(x, y), s.w.sub(y, x));
  assert.is.not(s.w.scalar(0, x), s.w.scalar(-0, x));
  assert.is.not(s.param('w', [1]), s.param('w', [1], 'float16'));
  assert.is(s.w.slice(x, 1, size(0), T), s.w.slice(x, 1, size(0), T));
});

test('a node whose types do not fit is a fault of the compiler that says where', () => {
  const b = newBuilder();
  const at = [origin('h.3.mlp', 7)];
  const x = b.leaf('input', [], { name: 'x' }, typed('float32', B, 4), at);
  const w = b.leaf('param', [], { name: 'w' }, typed('float32', 3, 5), at);
  assert.throws(
    () => b.op('linear', [x, w], {}, at),
    (e: unknown) =>
      e instanceof Bug &&
      e.message ===
        'linear(float32[B, 4], float32[3, 5]) in h.3.mlp at tiny.nanospec:7: x [B, 4] does not fit a weight [3, 5]',
  );
  assert.throws(() => b.op('lineer', [x, w], {}, at), /no op named lineer/);
  assert.throws(() => b.op('exp', [9], {}, at), /no node %9/);
});

test('what no output needs is left out, and the rest keeps its order', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T));
  s.w.exp(x);
  const kept = s.w.tanh(s.w.neg(x));
  s.w.sin(kept);
  s.output('y', kept);
  const live = dropDead(s.finish());
  assert.equal(
    live.nodes.map((n) => n.op),
    ['input', 'neg', 'tanh'],
  );
  assert.is(dropDead(live), live);
});

test('a chain of 20,000 nodes is built, checked, printed, rebuilt and run without deep recursion', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, 1));
  const one = s.w.scalar(1, x);
  let y = x;
  for (let i = 0; i < 20_000; i++) y = s.w.add(y, one);
  s.output('y', y);
  const graph = rebuild(s.finish(), () => undefined);
  checkGraph(graph);
  assert.is(graph.nodes.length, 20_002);
  assert.is(printGraph(graph).split('\n').length, 20_005);
  const run = (value: number) =>
    evaluator(graph, { values: () => new Float32Array() }).run({
      x: { ...noise(1, 'float32', 1, 1), data: Float32Array.of(value) },
    })['y']!.data[0];
  assert.is(run(0.5), 20_000.5);
  assert.is.not(run(1.5), 20_000.5);
});

test.run();
