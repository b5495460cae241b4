import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decompose_composites, place_cache } from '../../../compiler/passes/index.ts';
import { isComposite } from '../../../spec/ops/index.ts';
import { tinyGpt } from '../tiny_gpt.ts';
import { B, ids, sketch, T, typed } from '../tiny_graph.ts';
import { bent, moved, runPass } from './run_pass.ts';

const model = () => place_cache({ cache: 'none' }).run(tinyGpt({ window: 3 }), { trace: () => {} });
const feeds = { input_ids: ids(1, 10, 2, 6) };

test('an op that a target does not know is spelled out', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 2));
  s.in('h.0');
  s.output('y', s.op('silu', [s.op('rms_norm', [x], { eps: 0.5 })]));
  const { text, lines } = runPass(decompose_composites({ keep: ['rms_norm'] }), s.finish());
  assert.is(
    text,
    `%0 = input name="x": float32[B, T, 2]
%1 = rms_norm(%0) eps=0.5: float32[B, T, 2]  # h.0
%2 = sigmoid(%1): float32[B, T, 2]  # h.0
%3 = mul(%1, %2): float32[B, T, 2]  # h.0
output y = %3`,
  );
  assert.equal(lines, ['1 times silu']);
});

test('a model in primitives alone has the numbers it had', () => {
  const before = model();
  const { graph } = runPass(decompose_composites({ keep: [] }), before);
  assert.not(graph.nodes.some((n) => isComposite(n.op)));
  assert.ok(moved(before, graph, feeds) < 1e-6);
  assert.ok(moved(before, graph, feeds, bent(before, 'h.0.attn.q')) > 1e-5);
});

test('a target may keep some and say why not others', () => {
  const { graph, lines } = runPass(
    decompose_composites({
      keep: ({ op }) => (op === 'attention' ? 'the mask is not causal' : op !== 'rms_norm'),
    }),
    model(),
  );
  assert.equal([...lines].sort(), ['2 times attention, since the mask is not causal', '5 times rms_norm']);
  assert.equal([...new Set(graph.nodes.map((n) => n.op).filter(isComposite))].sort(), [
    'linear',
    'rotary',
    'rotary_table',
    'silu',
  ]);
});

test.run();
