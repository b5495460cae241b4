import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import { cast_weights } from '../../../compiler/passes/index.ts';
import { roundTo } from '../../../spec/round.ts';
import { apart, B, ids, sketch, T, typed, weightsFor } from '../tiny_graph.ts';
import { moved, runPass } from './run_pass.ts';

function model() {
  const s = sketch();
  const tokens = s.input('tokens', typed('int64', B, T));
  const x = s.op('gather', [s.param('wte', [7, 6]), tokens]);
  s.in('head');
  s.output('y', s.op('linear', [x, s.param('w', [3, 6])]));
  return s.finish();
}
const feeds = { tokens: ids(1, 7, 2, 3) };

test('parameters are stored narrow and cast where they are used, rows after they are picked', () => {
  const { text, lines } = runPass(cast_weights({ storage: 'bfloat16' }), model());
  assert.is(
    text,
    `%0 = input name="tokens": int64[B, T]
%1 = param name="wte": bfloat16[7, 6]
%2 = gather(%1, %0): bfloat16[B, T, 6]
%3 = cast(%2) dtype="float32": float32[B, T, 6]
%4 = param name="w": bfloat16[3, 6]  # head
%5 = cast(%4) dtype="float32": float32[3, 6]  # head
%6 = linear(%3, %5): float32[B, T, 3]  # head
output y = %6`,
  );
  assert.equal(lines, ['2 parameters stored as bfloat16']);
});

test('the numbers are those of rounded weights, and not of the weights as they were', () => {
  const before = model();
  const weights = weightsFor(before);
  for (const storage of ['bfloat16', 'float16'] as const) {
    const { graph } = runPass(cast_weights({ storage }), before);
    const rounded = {
      values: (name: string) => weights.values(name).map((v) => roundTo(storage, v)),
    };
    const expected = evaluator(before, rounded).run(feeds)['y'];
    assert.is(apart(evaluator(graph, weights).run(feeds)['y'], expected), 0);
    assert.ok(moved(before, graph, feeds) > 1e-5);
  }
});

test('a wider dtype for storage is cast down at once', () => {
  const s = sketch();
  const tokens = s.input('tokens', typed('int64', B, T));
  s.output('y', s.op('gather', [s.param('wte', [7, 6], 'float16'), tokens]));
  const { graph } = runPass(cast_weights({ storage: 'float32' }), s.finish());
  assert.equal(
    graph.nodes.map((n) => `${n.op} ${n.type.dtype}`),
    ['input int64', 'param float32', 'cast float16', 'gather float16'],
  );
});

test('whole numbers stay what they are, and the reason is said', () => {
  const s = sketch();
  const x = s.input('x', typed('int64', B, T));
  s.output('y', s.w.add(x, s.param('offsets', [1], 'int64')));
  const before = s.finish();
  const { lines, text } = runPass(cast_weights({ storage: 'float16' }), before);
  assert.equal(lines, ['refused: offsets holds int64']);
  assert.match(text, 'param name="offsets": int64[1]');
});

test.run();
