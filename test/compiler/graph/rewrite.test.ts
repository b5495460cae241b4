import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Change } from '../../../compiler/graph/builder.ts';
import { rewrite } from '../../../compiler/graph/rewrite.ts';
import { Bug } from '../../../spec/diagnostic.ts';
import { B, sketch, T, typed } from '../tiny_graph.ts';

function chain(ops: readonly ('neg' | 'exp' | 'sin')[]) {
  const s = sketch();
  let y = s.input('x', typed('float32', B, T));
  s.in('h.0');
  for (const op of ops) y = s.w[op](y);
  s.output('y', y);
  return s.finish();
}

/** What it makes of an exp is for the next round to change again. */
const soften: Change = (node, inputs, builder, at) => {
  if (node.op === 'exp') return builder.op('sin', inputs, {}, at);
  return node.op === 'sin' ? inputs[0] : undefined;
};

test('goes on until nothing changes', () => {
  const graph = rewrite(chain(['neg', 'exp', 'neg', 'sin', 'exp']), soften);
  assert.equal(
    graph.nodes.map((n) => n.op),
    ['input', 'neg', 'neg'],
  );
});

test('a graph without anything to change is the same graph', () => {
  const graph = chain(['neg', 'neg']);
  assert.is(rewrite(graph, soften), graph);
});

test('a rewrite that never comes to rest fails, and says what it changed last', () => {
  const flip: Change = (node, inputs, builder, at) =>
    node.op === 'neg'
      ? builder.op('sin', inputs, {}, at)
      : node.op === 'sin'
        ? builder.op('neg', inputs, {}, at)
        : undefined;
  assert.throws(
    () => rewrite(chain(['neg']), flip),
    (e: unknown) =>
      e instanceof Bug &&
      /^rewriting did not come to rest in 1152 visits; (neg|sin) in h\.0 was changed last$/.test(e.message),
  );
  assert.throws(() => rewrite(chain(['exp']), soften, 3), /in 3 visits; exp in h.0/);
});

test.run();
