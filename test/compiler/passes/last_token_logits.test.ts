import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Feeds } from '../../../compiler/evaluate/run_sizes.ts';
import type { Graph, NodeId } from '../../../compiler/graph/ir.ts';
import { last_token_logits, place_cache } from '../../../compiler/passes/index.ts';
import type { CacheForm } from '../../../compiler/ports/manifest.ts';
import { columnsOf } from '../../../runtime/cache.ts';
import { size } from '../../../spec/dim.ts';
import { tensor } from '../../../spec/tensor.ts';
import { tinyGpt } from '../tiny_gpt.ts';
import { apart, B, dims, ids, noise, sketch, T, typed, weightsFor } from '../tiny_graph.ts';
import { bent, runPass } from './run_pass.ts';

function headed(tail: (x: NodeId, s: ReturnType<typeof sketch>) => NodeId): Graph {
  const s = sketch();
  const tokens = s.input('input_ids', typed('int64', B, T));
  const x = s.op('gather', [s.param('wte', [7, 6]), tokens]);
  s.in('head');
  s.output('logits', tail(x, s));
  return s.finish();
}

test('the slice moves up to where the tokens part, before the final norm', () => {
  const before = headed((x, s) => {
    const y = s.op('rms_norm', [x], { eps: 0.5 });
    const heads = s.w.transpose(s.w.reshape(y, dims([B, T, 2, 3])), [0, 2, 1, 3]);
    const back = s.w.reshape(s.w.transpose(heads, [0, 2, 1, 3]), dims([B, T, 6]));
    return s.op('linear', [back, s.param('w', [7, 6])]);
  });
  const { text, lines } = runPass(last_token_logits, before);
  assert.is(
    text,
    `%0 = input name="input_ids": int64[B, T]
%1 = slice(%0) axis=1 start=T - 1 step=1 stop=T: int64[B, 1]
%2 = param name="wte": float32[7, 6]
%3 = gather(%2, %1): float32[B, 1, 6]
%4 = rms_norm(%3) eps=0.5: float32[B, 1, 6]  # head
%5 = reshape(%4) shape=[B, 1, 2, 3]: float32[B, 1, 2, 3]  # head
%6 = transpose(%5) perm=[0, 2, 1, 3]: float32[B, 2, 1, 3]  # head
%7 = transpose(%6) perm=[0, 2, 1, 3]: float32[B, 1, 2, 3]  # head
%8 = reshape(%7) shape=[B, 1, 6]: float32[B, 1, 6]  # head
%9 = param name="w": float32[7, 6]  # head
%10 = linear(%8, %9): float32[B, 1, 7]  # head
output logits = %10`,
  );
  assert.equal(lines, ['sliced input in the model, since it is given whole']);
});

test('what mixes tokens sees all of them, and so do other outputs', () => {
  const before = headed((x, s) => {
    s.output('hidden', s.w.neg(x));
    return s.w.mul(s.w.neg(x), s.e.make('cumsum', [s.w.exp(x)], { axis: 1 }));
  });
  const { graph, lines } = runPass(last_token_logits, before);
  assert.equal(lines, [
    'sliced neg in head, since others need all of it',
    'sliced cumsum in head, since it computes each place from others',
  ]);
  const types = graph.outputs.map((o) => `${o.name} ${graph.nodes[o.node]!.type.shape[1]!.key}`);
  assert.equal(types, [`hidden ${T.key}`, `logits ${size(1).key}`]);
});

/** Feeds of a call with a past of `past` columns. */
function call(graph: Graph, cache: CacheForm, past: number, length: number): Feeds {
  const int64 = (n: number, value: number) => tensor('int64', [2, n], Array<number>(2 * n).fill(value));
  const slots = 16;
  const known: Feeds = {
    input_ids: ids(past, 10, 2, length),
    attention_mask: int64(cache === 'static' ? slots : past + length, 1),
    position_ids: ids(past + 1, 20, 2, length),
    past_length: tensor('int64', [1], [past]),
  };
  const ports = graph.ports.map(({ input, axis }, i) => {
    const held = cache === 'static' ? slots : past;
    return [input, noise(i + 1, 'float32', 2, 1, ...(axis ? [held, 4] : [8]))] as const;
  });
  const wanted = new Set(graph.inputs.map((i) => i.name));
  return Object.fromEntries([...Object.entries(known), ...ports].filter(([name]) => wanted.has(name)));
}

test('the last logits and the ports keep their numbers in every form', () => {
  for (const cache of ['none', 'dynamic', 'static'] as const) {
    const slots = cache === 'static' ? { slots: 16 } : {};
    const before = place_cache({ cache, ...slots }).run(tinyGpt({ window: 4 }), { trace: () => {} });
    const { graph, lines } = runPass(last_token_logits, before);
    assert.ok(lines.length > 0);
    for (const [past, length] of [
      [0, 5],
      [3, 4],
      [6, 1],
    ] as const) {
      const feeds = call(before, cache, past, length);
      const run = (g: Graph, weights = weightsFor(before)) => evaluator(g, weights).run(feeds);
      const last = (outputs: ReturnType<typeof run>) => columnsOf(outputs['logits']!, length - 1);
      const [all, one] = [run(before), run(graph)];
      assert.equal(one['logits']!.shape, [2, 1, 10]);
      assert.ok(apart(last(all), one['logits']) < 1e-6, cache);
      for (const { output } of before.ports) assert.is(apart(all[output], one[output]), 0);
      assert.ok(apart(last(all), run(graph, bent(before, 'h.0.up'))['logits']) > 1e-5);
      if (length > 1) assert.ok(apart(columnsOf(all['logits']!, 0, 1), one['logits']) > 1e-3);
    }
  }
});

test('says why it does nothing', () => {
  const line = (graph: Graph): string => runPass(last_token_logits, graph).lines.join();
  const s = sketch();
  s.output('y', s.input('x', typed('float32', B, T, 2)));
  assert.is(line(s.finish()), 'refused: no output is named logits');
  assert.is(line(headed((x, { w }) => w.reshape(x, dims([B, T, 2, 3])))), 'refused: logits have 4 axes');
  const done = runPass(
    last_token_logits,
    headed((x) => x),
  ).graph;
  assert.is(line(done), 'refused: logits are of one token already');
});

test.run();
