import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fold_constants, place_cache } from '../../../compiler/passes/index.ts';
import { size } from '../../../spec/dim.ts';
import { tensor } from '../../../spec/tensor.ts';
import { tinyGpt } from '../tiny_gpt.ts';
import { B, dims, ids, noise, sketch, T, typed } from '../tiny_graph.ts';
import { bent, moved, runPass } from './run_pass.ts';

const constant = (s: ReturnType<typeof sketch>, values: readonly number[]) =>
  s.e.make('constant', [], { tensor: tensor('float32', [values.length], values) });

test('what depends on constants alone is computed', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 2));
  const scale = s.w.mul(s.w.scalar(3, x), s.w.add(s.w.scalar(0.5, x), s.w.scalar(1, x)));
  s.output('y', s.w.mul(x, s.w.exp(constant(s, [0, 1]))));
  s.output('z', s.w.mul(x, scale));
  const before = s.finish();
  const { text, lines, graph } = runPass(fold_constants, before);
  assert.is(
    text,
    `%0 = input name="x": float32[B, T, 2]
%1 = scalar dtype="float32" value=4.5: float32[]
%2 = constant tensor=float32[2]{1, 2.7182817459106445}: float32[2]
%3 = mul(%0, %2): float32[B, T, 2]
%4 = mul(%0, %1): float32[B, T, 2]
output y = %3
output z = %4`,
  );
  assert.equal(lines, ['3 nodes computed']);
  const feeds = { x: noise(1, 'float32', 1, 2, 2) };
  assert.is(moved(before, graph, feeds), 0);
  const other = { ...graph, outputs: graph.outputs.map((o) => ({ ...o, node: 3 })) };
  assert.ok(moved(before, other, feeds) > 1e-3);
});

test('a constant in 16 bits is rounded before it is computed with', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 2));
  const rough = s.e.make('scalar', [], { value: Math.sqrt(32), dtype: 'bfloat16' });
  s.output('y', s.w.mul(x, s.w.cast(rough, 'float32')));
  const before = s.finish();
  const { text, graph } = runPass(fold_constants, before);
  assert.match(text, 'value=5.65625:');
  assert.is(moved(before, graph, { x: noise(1, 'float32', 1, 2, 2) }), 0);
});

test('operations that change nothing are left out, and what they stretched stays stretched', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 2));
  const yes = s.e.make('broadcast', [s.e.make('scalar', [], { value: 1, dtype: 'bool' })], {
    shape: dims([B, T, 2]),
  });
  const one = s.w.scalar(1, x);
  s.output('a', s.w.add(s.w.mul(one, s.w.div(s.w.sub(x, s.w.scalar(0, x)), one)), s.w.scalar(0, x)));
  s.output('b', s.w.where(yes, x, s.w.exp(x)));
  s.output('c', s.w.pow(x, one));
  s.output('d', s.w.mul(s.w.tanh(s.w.sum(x, 2)), constant(s, [1, 1])));
  const before = s.finish();
  const { text, graph } = runPass(fold_constants, before);
  assert.is(
    text,
    `%0 = input name="x": float32[B, T, 2]
%1 = reduce_sum(%0) axis=2: float32[B, T, 1]
%2 = tanh(%1): float32[B, T, 1]
%3 = broadcast(%2) shape=[B, T, 2]: float32[B, T, 2]
output a = %0
output b = %0
output c = %0
output d = %3`,
  );
  assert.is(moved(before, graph, { x: noise(1, 'float32', 1, 2, 2) }), 0);
});

test('what changes something stays', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 2));
  s.output('a', s.w.sub(s.w.scalar(0, x), x));
  s.output('b', s.w.div(s.w.scalar(1, x), x));
  s.output('c', s.w.mul(x, constant(s, [1, 2])));
  s.output('d', s.w.mul(x, s.w.scalar(0, x)));
  const before = s.finish();
  assert.is(runPass(fold_constants, before).graph, before);
});

test('a large result stays an expression, and the reason is said', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', 70, 70));
  const wide = s.e.make('broadcast', [constant(s, [...Array(70).keys()])], { shape: dims([70, 70]) });
  s.output('y', s.w.mul(x, wide));
  const before = s.finish();
  const { graph, lines } = runPass(fold_constants, before);
  assert.is(graph, before);
  assert.equal(lines, ['refused: broadcast of constants has 4900 elements']);
});

test('sizes known when compiling are numbers, others stay', () => {
  const s = sketch();
  const x = s.input('x', typed('int64', B, T));
  s.output('a', s.w.add(x, s.e.make('size', [], { dim: size(7) })));
  s.output('b', s.w.add(x, s.e.make('size', [], { dim: T })));
  const ops = runPass(fold_constants, s.finish()).graph.nodes.map((n) => n.op);
  assert.equal(ops, ['input', 'scalar', 'add', 'size', 'add']);
});

test('a model keeps its numbers in every form', () => {
  for (const cache of ['none', 'dynamic'] as const) {
    const before = place_cache({ cache }).run(tinyGpt({ window: 3 }), { trace: () => {} });
    const { graph } = runPass(fold_constants, before);
    const input_ids = ids(2, 10, 2, 5);
    const ones = tensor('int64', [2, 5], Array(10).fill(1));
    const state = Object.fromEntries(
      before.ports.map((p) => [p.input, noise(9, 'float32', 2, 1, ...(p.axis ? [0, 4] : [8]))]),
    );
    const feeds =
      cache === 'none'
        ? { input_ids }
        : { input_ids, attention_mask: ones, position_ids: ids(3, 9, 2, 5), ...state };
    assert.is(moved(before, graph, feeds), 0, cache);
    assert.ok(moved(before, graph, feeds, bent(before, 'h.1.up')) > 1e-5, cache);
    assert.ok(graph.nodes.length < before.nodes.length + Number(cache === 'dynamic'), cache);
  }
});

test.run();
