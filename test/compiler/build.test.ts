/** The graph that a spec means: leaves with their names, origins, ports, shared nodes. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from '../../compiler/build.ts';
import type { Graph, Node } from '../../compiler/graph/ir.ts';
import { parse } from '../../spec/parse.ts';
import type { ElaborationOptions } from '../../spec/program.ts';
import { textOf } from '../../spec/source.ts';
import { showType } from '../../spec/type.ts';
import { said } from '../spec/elaborate/refused.ts';

const text = `
block Mix(n) {
  lin: Linear(n, n, bias=true)
  forward(x) = silu(lin(x))
}
model m {
  config { dim = 4 }
  wte: Embedding(10, dim)
  h[2]: Mix(dim)
  scale: float32[1]
  unused: [3]
  forward(tokens: int64[B, T]) -> logits: float32[B, T, dim] {
    x = wte(tokens)
    k = x + x
    k = cache(k)
    seen = cache(x, last=2, fill=1)
    x = seen[:, 1:-1]
    for layer in h { x = layer(x) + layer(x) }
    return softcap(float32(x), 15) * scale
  }
}
`;

function graphOf(source: string, options: Partial<ElaborationOptions> = {}): Graph {
  const { graph, diagnostics } = build(parse({ name: 'm.nanospec', text: source }).value!, {
    include: () => undefined,
    ...options,
  });
  assert.is(said(diagnostics), '');
  return graph!;
}

const of = (graph: Graph, op: string): readonly Node[] => graph.nodes.filter((n) => n.op === op);

test("parameters are leaves under the checkpoint's key, those in use", () => {
  const params = of(graphOf(text), 'param').map((n) => `${String(n.attrs['name'])}: ${showType(n.type)}`);
  assert.equal(params, [
    'wte.weight: float32[10, 4]',
    'h.0.lin.weight: float32[4, 4]',
    'h.0.lin.bias: float32[4]',
    'h.1.lin.weight: float32[4, 4]',
    'h.1.lin.bias: float32[4]',
    'scale: float32[1]',
  ]);
});

test('inputs and outputs have the names and types of the forward', () => {
  const graph = graphOf(text);
  assert.equal(
    graph.inputs.map((i) => `${i.name}: ${showType(i.type)}`),
    ['tokens: int64[B, T]'],
  );
  assert.equal(
    graph.outputs.map((o) => `${o.name}: ${showType(graph.nodes[o.node]!.type)}`),
    ['logits: float32[B, T, 4]'],
  );
});

test('a cache that nothing reads is dropped with its port left declared; a delay counts back', () => {
  const graph = graphOf(text);
  assert.equal([...graph.caches.keys()], ['k', 'x']);
  const [cache, ...more] = of(graph, 'cache');
  assert.is(more.length, 0);
  assert.equal([cache?.attrs['port'], showType(cache!.type)], ['x', 'float32[B, 2 + T, 4]']);
  const [delay] = of(graph, 'delay');
  assert.equal([delay?.attrs, showType(delay!.type)], [{ last: 2, back: 1 }, 'float32[B, T, 4]']);
  assert.is(graph.caches.get('x')?.fill, 1);
});

test('equal expressions are one node: a module called twice on the same value is computed once', () => {
  const graph = graphOf(text);
  assert.is(of(graph, 'linear').length, 2);
  assert.ok(
    graph.nodes.every((n) => n.inputs.every((i) => i < n.id)),
    'topological order',
  );
});

test('every node knows its instance, its place in the text and what it was expanded through', () => {
  const graph = graphOf(text);
  const [first] = of(graph, 'linear');
  const [origin] = graph.origins[first!.id]!;
  assert.is(origin?.scope, 'h.0.lin');
  assert.is(textOf(origin!.span), 'lin(x)');
  const [tanh] = of(graph, 'tanh');
  const [capped] = graph.origins[tanh!.id]!;
  assert.equal([capped?.scope, capped?.via], ['', ['softcap']]);
  assert.is(textOf(capped!.span), 'softcap(float32(x), 15)');
  assert.ok(
    graph.origins.every((o) => o.length > 0 && o.every((at) => at.span.source.name === 'm.nanospec')),
  );
});

test('float is what was asked for, float32 is float32', () => {
  const graph = graphOf(text, { compute: 'float16' });
  const types = new Map(of(graph, 'param').map((n) => [n.attrs['name'], n.type.dtype]));
  assert.equal([types.get('wte.weight'), types.get('scale')], ['float16', 'float32']);
  assert.is(graph.nodes[graph.outputs[0]!.node]!.type.dtype, 'float32');
  assert.is(of(graph, 'cast').length, 1);
  assert.is(of(graphOf(text), 'cast').length, 0);
});

test("positions come from the call, or from the model's own input", () => {
  const spec = (inputs: string): string =>
    `model m { w: Embedding(9, 4) forward(${inputs}) -> y: [B, T, 4] = w(tokens) + w(positions) }`;
  const given = graphOf(spec('tokens: int64[B, T]'));
  assert.equal(
    of(given, 'ambient').map((n) => n.attrs['name']),
    ['positions'],
  );
  const own = graphOf(spec('tokens: int64[B, T], positions: int64[B, T]'));
  assert.is(of(own, 'ambient').length, 0);
  assert.equal(
    of(own, 'input').map((n) => n.attrs['name']),
    ['tokens', 'positions'],
  );
});

test('a wrong spec has no graph', () => {
  const file = parse({ name: 'm.nanospec', text: text.replace('k = x + x', 'k = x + tokens') }).value!;
  const { graph, program, diagnostics } = build(file, { include: () => undefined });
  assert.equal([graph, program], [undefined, undefined]);
  assert.equal(
    diagnostics.map((d) => d.code),
    ['N308'],
  );
});

test.run();
