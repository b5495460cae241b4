import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGraph } from '../../../compiler/check/ir_check.ts';
import type { Graph, Node, Port } from '../../../compiler/graph/ir.ts';
import { place_cache } from '../../../compiler/passes/index.ts';
import { Bug } from '../../../spec/diagnostic.ts';
import { atom } from '../../../spec/dim.ts';
import { tinyGpt } from '../tiny_gpt.ts';
import { B, T, typed } from '../tiny_graph.ts';

const placed = (cache: 'none' | 'dynamic' | 'static', slots?: number): Graph =>
  place_cache({ cache, ...(slots ? { slots } : {}) }).run(tinyGpt(), { trace: () => {} });

/** What the check says; empty when it accepts. */
function law(graph: Graph): string {
  try {
    checkGraph(graph);
  } catch (cause) {
    return cause instanceof Bug ? cause.message : `not a Bug: ${cause}`;
  }
  return '';
}

const [dynamic, fixed] = [placed('dynamic'), placed('static', 8)];
const at = (graph: Graph, op: string): Node => graph.nodes.find((n) => n.op === op)!;
const edited = (graph: Graph, node: Node, change: Partial<Node>): Graph => ({
  ...graph,
  nodes: graph.nodes.map((n) => (n === node ? { ...n, ...change } : n)),
});
/** The graph with one more node at its end. */
const longer = (graph: Graph, node: Omit<Node, 'id'>): Graph => ({
  ...graph,
  nodes: [...graph.nodes, { ...node, id: graph.nodes.length }],
  origins: [...graph.origins, []],
});
const portsAs = (graph: Graph, change: (port: Port) => Partial<Port>): Graph => ({
  ...graph,
  ports: graph.ports.map((p, i) => (i === 0 ? { ...p, ...change(p) } : p)),
});

test('graphs of every form are graphs', () => {
  for (const graph of [tinyGpt(), placed('none'), dynamic, fixed, placed('static')])
    assert.is(law(graph), '');
});

test('a node stands after what it uses, at the place of its number', () => {
  const node = at(dynamic, 'rms_norm');
  assert.match(law(edited(dynamic, node, { id: 3 })), `%3 stands at place ${node.id}`);
  const later = dynamic.nodes.length - 1;
  assert.is(
    law(edited(dynamic, node, { inputs: [later] })),
    `%${node.id} (rms_norm) uses %${later}, which does not come before it`,
  );
});

test('a type is what the op gives', () => {
  const node = at(dynamic, 'rms_norm');
  assert.is(
    law(edited(dynamic, node, { type: typed('float32', B, T, 9) })),
    `%${node.id} (rms_norm) is float32[B, T, 9], its op gives float32[B, T, 8]`,
  );
  const read = at(dynamic, 'input');
  assert.match(law(edited(dynamic, read, { type: typed('int64', B, 4) })), 'its op gives int64[B, T]');
  assert.match(law(edited(dynamic, node, { inputs: [] })), /^rms_norm\(\).*: takes x, found 0 inputs$/);
});

test('an op, an input, an ambient and a cache are ones that exist', () => {
  const node = at(dynamic, 'rms_norm');
  assert.is(law(edited(dynamic, node, { op: 'rms_nrom' })), `%${node.id} (rms_nrom) is no op`);
  const read = at(dynamic, 'input');
  assert.match(law(edited(dynamic, read, { attrs: { name: 'ids' } })), 'reads no input: ids');
  const raw = tinyGpt();
  const kept = at(raw, 'cache');
  assert.match(law(edited(raw, kept, { attrs: { port: 'z' } })), 'names no cache: z');
  const place = at(raw, 'ambient');
  assert.match(law(edited(raw, place, { attrs: { name: 'mood' } })), 'is no ambient: mood');
});

test('sizes are numbers or known when running', () => {
  const node = at(dynamic, 'param');
  const type = typed('float32', atom('dim'), 8);
  assert.is(
    law(edited(dynamic, node, { type })),
    `%${node.id} (param) has the size dim, and dim is no number`,
  );
});

test('no node is there twice', () => {
  const node = at(dynamic, 'rms_norm');
  const { op, inputs, attrs, type } = node;
  const last = dynamic.nodes.length;
  assert.is(law(longer(dynamic, { op, inputs, attrs, type })), `%${last} (rms_norm) is %${node.id} again`);
});

test('origins go with nodes, and names are used once', () => {
  const { nodes, origins, inputs, outputs } = dynamic;
  assert.is(
    law({ ...dynamic, origins: origins.slice(1) }),
    `${nodes.length} nodes have ${nodes.length - 1} lists of origins`,
  );
  assert.is(law({ ...dynamic, inputs: [...inputs, inputs[0]!] }), 'two inputs are named input_ids');
  assert.is(law({ ...dynamic, outputs: [...outputs, outputs[0]!] }), 'two outputs are named logits');
  const stray = { name: 'z', node: nodes.length };
  assert.is(
    law({ ...dynamic, outputs: [...outputs, stray] }),
    `output z names %${nodes.length}, which is not there`,
  );
});

test('a buffer is read by its write and by nothing else', () => {
  const write = at(fixed, 'write');
  const [past] = write.inputs;
  const { type } = fixed.nodes[past!]!;
  assert.is(
    law(longer(fixed, { op: 'neg', inputs: [past!], attrs: {}, type })),
    'port h.0.attn.k: past_key_values.0.key is read 2 times, not once',
  );
  const swapped = edited(fixed, write, { op: 'add', inputs: [past!, past!], attrs: {} });
  assert.match(law(swapped), 'past_key_values.0.key is read 2 times');
  const negated = edited(fixed, write, { op: 'neg', inputs: [past!], attrs: {} });
  assert.is(
    law(negated),
    `port h.0.attn.k: past_key_values.0.key is read by %${write.id} (neg), not by its write`,
  );
});

test('a past that grows is read by its append and by nothing else', () => {
  const append = at(dynamic, 'append');
  const [past] = append.inputs;
  const { type } = dynamic.nodes[past!]!;
  assert.match(
    law(longer(dynamic, { op: 'neg', inputs: [past!], attrs: {}, type })),
    'past_key_values.0.key is read 2 times, not once',
  );
});

test("a port's output is what its write made", () => {
  const other = fixed.outputs.map((o) => {
    const value = fixed.outputs.find((p) => p.name === 'present.0.value')!;
    return o.name === 'present.0.key' ? { ...o, node: value.node } : o;
  });
  assert.match(
    law({ ...fixed, outputs: other }),
    /port h\.0\.attn\.k: the output is %\d+ \(write\), not its write/,
  );
  assert.is(
    law({ ...fixed, outputs: fixed.outputs.filter((o) => o.name !== 'present.0.key') }),
    'port h.0.attn.k: the graph has no output present.0.key',
  );
});

test('a port has the type of its input and of its output', () => {
  const wide = { type: typed('float32', B, 1, 8, 6) };
  assert.is(
    law(portsAs(fixed, () => wide)),
    'port h.0.attn.k: the input is float32[B, 1, 8, 4], the port float32[B, 1, 8, 6]',
  );
  assert.match(law(portsAs(fixed, () => ({ input: 'z' }))), 'the graph has no input z');
  const state = dynamic.ports.at(-1)!;
  const logits = dynamic.outputs.map((o) =>
    o.name === state.output ? { ...o, node: dynamic.outputs[0]!.node } : o,
  );
  assert.is(
    law({ ...dynamic, outputs: logits }),
    'port x: the output is float32[B, T, 10], the port float32[B, 1, 8]',
  );
  assert.match(law(portsAs(fixed, () => ({ axis: 1 }))), 'its write is along axis 2, the port along 1');
});

test("a layer's keys and values have four axes", () => {
  const flat = portsAs(dynamic, ({ type }) => ({ type: { ...type, shape: type.shape.toSpliced(1, 1) } }));
  assert.match(
    law(flat),
    /past_key_values\.0\.key is float32\[B, P, \d+\], and a layer's keys and values have four/,
  );
  const renamed = portsAs(dynamic, ({ type }) => ({
    ...{ input: 'past_state.k', output: 'present_state.k' },
    type: { ...type, shape: type.shape.toSpliced(1, 1) },
  }));
  assert.not.match(law(renamed), /four axes/);
});

test('nothing is left to place once there are ports', () => {
  const raw = tinyGpt();
  assert.is(law({ ...dynamic, caches: raw.caches }), 'the ports are placed, yet the graph lists caches');
  const node = { op: 'ambient', inputs: [], attrs: { name: 'order' }, type: typed('int64', B, T) };
  assert.is(
    law(longer(dynamic, node)),
    `the ports are placed, yet %${dynamic.nodes.length} (ambient) is not`,
  );
});

test.run();
