import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph, NodeId } from '../../../compiler/graph/ir.ts';
import { merge_views } from '../../../compiler/passes/index.ts';
import { add, size, sub } from '../../../spec/dim.ts';
import { B, dims, noise, sketch, T, typed } from '../tiny_graph.ts';
import { moved, runPass } from './run_pass.ts';

type Sketch = ReturnType<typeof sketch>;

function viewed(body: (x: NodeId, s: Sketch) => NodeId): Graph {
  const s = sketch();
  s.output('y', body(s.input('x', typed('float32', B, T, 4, 6)), s));
  return s.finish();
}
const feeds = { x: noise(1, 'float32', 2, 3, 4, 6) };

/** Runs the pass, and checks that the numbers stay while those of another graph differ. */
function check(before: Graph, ops: string, lines: string): void {
  const ran = runPass(merge_views, before);
  assert.is(ran.graph.nodes.map((n) => n.op).join(' '), ops);
  assert.is([...ran.lines].sort().join('; '), lines);
  assert.is(moved(before, ran.graph, feeds), 0);
}

test('views in a row become one, and the text shows which', () => {
  const before = viewed((x, { w }) => {
    const rows = w.reshape(w.reshape(x, dims([B, T, 24])), dims([B, T, 2, 12]));
    return w.slice(
      w.slice(w.transpose(w.transpose(rows, [0, 2, 1, 3]), [0, 2, 3, 1]), 2, size(2), size(9)),
      2,
      size(1),
      size(4),
    );
  });
  const { text, lines } = runPass(merge_views, before);
  assert.is(
    text,
    `%0 = input name="x": float32[B, T, 4, 6]
%1 = reshape(%0) shape=[B, T, 2, 12]: float32[B, T, 2, 12]
%2 = transpose(%1) perm=[0, 1, 3, 2]: float32[B, T, 12, 2]
%3 = slice(%2) axis=2 start=3 step=1 stop=6: float32[B, T, 3, 2]
output y = %3`,
  );
  assert.equal(lines, ['1 times reshape', '1 times transpose', '1 times slice']);
  check(before, 'input reshape transpose slice', '1 times reshape; 1 times slice; 1 times transpose');
});

test('views that leave everything in place are dropped', () => {
  const before = viewed((x, { w }) => {
    const there = w.transpose(w.transpose(x, [0, 2, 1, 3]), [0, 2, 1, 3]);
    const back = w.reshape(w.reshape(there, dims([B, T, 24])), dims([B, T, 4, 6]));
    return w.neg(w.slice(back, 3, size(0), size(6)));
  });
  check(before, 'input neg', '1 times reshape; 1 times slice; 1 times transpose');
});

test('moving axes of size one is a reshape', () => {
  const before = viewed((x, { w }) => w.transpose(w.slice(x, 2, size(1), size(2)), [0, 2, 1, 3]));
  check(before, 'input slice reshape', '1 times transpose');
});

test('a slice inside one piece of a concat is a slice of that piece', () => {
  const before = viewed((x, { w }) => {
    const joined = w.concat([x, w.neg(x), w.exp(x)], 1);
    const [one, two] = [T, add(T, T)];
    const whole = w.slice(joined, 1, one, two);
    return w.concat([whole, w.slice(joined, 1, sub(add(two, T), size(1)), add(two, T))], 1);
  });
  const { text } = runPass(merge_views, before);
  assert.match(text, '%1 = neg(%0)');
  assert.match(text, '= slice(%2) axis=1 start=T - 1 step=1 stop=T');
  check(before, 'input neg exp slice concat', '2 times slice');
});

test('leaves alone what moves or crosses pieces', () => {
  for (const form of [
    (x: NodeId, { w }: Sketch) => w.reshape(w.transpose(x, [0, 2, 1, 3]), dims([B, T, 24])),
    (x: NodeId, { w }: Sketch) => w.slice(w.concat([x, w.neg(x)], 3), 3, size(5), size(7)),
    (x: NodeId, { w }: Sketch) => w.slice(w.slice(x, 3, size(0), size(6), 2), 3, size(1), size(2)),
    (x: NodeId, { w }: Sketch) => w.slice(w.slice(x, 3, size(0), size(2)), 2, size(1), size(2)),
  ]) {
    const before = viewed(form);
    assert.is(runPass(merge_views, before).graph, before);
  }
});

test('a permutation that is another one is noticed', () => {
  const merged = (perm: readonly number[]): Graph =>
    runPass(
      merge_views,
      viewed((x, { w }) => w.reshape(w.transpose(w.transpose(x, [0, 1, 3, 2]), perm), dims([B, T, 24]))),
    ).graph;
  assert.ok(moved(merged([0, 1, 3, 2]), merged([0, 1, 2, 3]), feeds) > 0.1);
});

test.run();
