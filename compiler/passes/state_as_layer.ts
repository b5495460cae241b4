/** Presents a state of fixed length as the keys of one more layer, for clients that can carry nothing else from call to call. */

import { type Dim, size, product as total } from '../../spec/dim.ts';
import { copy, dropDead, newBuilder } from '../graph/builder.ts';
import type { Graph, NodeId, Port } from '../graph/ir.ts';
import { isState, layerNames, layerOf } from '../ports/port_names.ts';
import type { Pass } from './pass.ts';

export const state_as_layer: Pass = {
  name: 'state_as_layer',
  doc: 'Give states of fixed length the names and the four axes of the keys of further layers.',
  keepsScopes: true,
  changesBoundary: true,
  run(graph, { trace }) {
    const states = graph.ports.filter((p) => p.axis === undefined && isState(p));
    if (states.length === 0) {
      trace('refused: no state of fixed length');
      return graph;
    }
    const first = layersOf(graph);
    const moved = new Map(states.map((port, i) => [port.input, asLayer(port, first + i)]));
    for (const [from, { input, type }] of moved) trace(`${from}: ${input} of rank ${type.shape.length}`);
    return renamed(graph, moved);
  },
};

/** One more than the largest number of a layer. */
const layersOf = ({ ports }: Graph): number =>
  ports.reduce((n, port) => Math.max(n, 1 + (layerOf(port)?.layer ?? -1)), 0);

/** [B, n, s...] -> [B, 1, n, product of s]. */
function asLayer(port: Port, layer: number): Port {
  const [batch, length, ...rest] = port.type.shape as [Dim, Dim, ...Dim[]]; // a state has its tokens' axis
  return {
    ...port,
    ...layerNames(layer, 'key'),
    type: { ...port.type, shape: [batch, one, length, total(rest)] },
  };
}

const one = size(1);

function renamed(graph: Graph, moved: ReadonlyMap<string, Port>): Graph {
  const builder = newBuilder();
  const places: NodeId[] = [];
  for (const node of graph.nodes) {
    const at = graph.origins[node.id]!;
    const port = node.op === 'input' ? moved.get(String(node.attrs['name'])) : undefined;
    if (!port) {
      places.push(
        copy(
          builder,
          node,
          node.inputs.map((i) => places[i]!),
          at,
        ),
      );
      continue;
    }
    const given = builder.leaf('input', [], { name: port.input }, port.type, at);
    places.push(builder.op('reshape', [given], { shape: node.type.shape }, at));
  }
  const byOutput = new Map(
    graph.ports.flatMap((p) => (moved.has(p.input) ? [[p.output, moved.get(p.input)!]] : [])),
  );
  const outputs = graph.outputs.map(({ name, node }) => {
    const port = byOutput.get(name);
    const place = places[node]!;
    if (!port) return { name, node: place };
    const shape = builder.op('reshape', [place], { shape: port.type.shape }, builder.originsOf(place));
    return { name: port.output, node: shape };
  });
  const inputs = graph.inputs.map((i) => {
    const port = moved.get(i.name);
    return port ? { name: port.input, type: port.type } : i;
  });
  const ports = graph.ports.map((p) => moved.get(p.input) ?? p);
  return dropDead(builder.finish({ ...graph, inputs, outputs, ports }));
}
