import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { printGraph } from '../../../compiler/graph/print.ts';
import { place_cache } from '../../../compiler/passes/index.ts';
import { sub } from '../../../spec/dim.ts';
import { tensor } from '../../../spec/tensor.ts';
import { B, dims, sketch, T, typed } from '../tiny_graph.ts';

function small() {
  const s = sketch('small');
  const x = s.input('x', typed('float32', B, T, 6));
  s.in('h.0.attn', 3, ['softcap']);
  const y = s.w.tanh(s.op('linear', [x, s.param('h.0.w', [4, 6])]));
  const kept = s.cache(s.w.reshape(y, dims([B, T, 2, 2])), 'h.0.attn.k');
  s.in('h.1.attn', 3, ['softcap']);
  s.w.tanh(s.op('linear', [x, s.param('h.0.w', [4, 6])]));
  s.in('');
  s.output('keys', kept);
  s.output('half', s.w.slice(x, 1, sub(T, T), T));
  return s;
}

test('a graph is one line a node, with its type and its place', () => {
  assert.is(
    printGraph(small().finish()),
    `graph small
input  x: float32[B, T, 6]
cache  h.0.attn.k: float32[B, T, 2, 2] all
  %0 = input name="x": float32[B, T, 6]
  %1 = param name="h.0.w": float32[4, 6]  # h softcap
  %2 = linear(%0, %1): float32[B, T, 4]  # h softcap
  %3 = tanh(%2): float32[B, T, 4]  # h softcap
  %4 = reshape(%3) shape=[B, T, 2, 2]: float32[B, T, 2, 2]  # h.0.attn softcap
  %5 = cache(%4) port="h.0.attn.k": float32[B, P + T, 2, 2]  # h.0.attn softcap
  %6 = slice(%0) axis=1 start=0 step=1 stop=T: float32[B, T, 6]
output keys = %5
output half = %6`,
  );
});

test('ports say their rule, their axis and what they hold at first', () => {
  const placed = place_cache({ cache: 'dynamic' }).run(small().finish(), { trace: () => {} });
  const line =
    'port   past_key_values.0.key -> present.0.key: append float32[B, 2, P, 2] axis=2 fill=0, h.0.attn.k';
  assert.ok(printGraph(placed).split('\n').includes(line));
});

test('short constants show their values, long ones an identity that tells them apart', () => {
  const text = (values: readonly number[], freqs: readonly number[]): string => {
    const s = sketch();
    const rows = s.e.make('constant', [], { tensor: tensor('float32', [values.length], values) });
    const table = { part: 'cos', magnitude: 1, rounded: null, length: 4, name: 't', freqs } as const;
    s.output('a', rows);
    s.output('b', s.builder.leaf('table', [], table, typed('float32', 4, freqs.length), []));
    return printGraph(s.finish());
  };
  const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  assert.match(text([-0, 0.5], [1, 2]), '%0 = constant tensor=float32[2]{-0, 0.5}: float32[2]');
  assert.match(text([1], [1, 2]), 'freqs=[1, 2] length=4 magnitude=1 name="t" part="cos" rounded=null');
  assert.match(text([1], nine), /freqs=\[1, \.\.\., 9; 9 #[0-9a-f]{8}\]/);
  assert.is(text(nine, nine), text(nine, nine));
  assert.is.not(text(nine, nine), text([...nine.slice(0, 8), 10], nine));
  assert.is.not(text([1], nine), text([1], [1, 3, ...nine.slice(2)]));
});

test.run();
