/** A scan as the operator of that name, with its step as the graph inside. */

import type { Graph, Node, NodeId } from '../../compiler/graph/ir.ts';
import { scanOf } from '../../compiler/graph/scan_body.ts';
import type { InnerValue } from './inner_graph.ts';
import type { Site, Value } from './site.ts';
import { sizesOf } from './sizes.ts';

/** Writes the nodes of a step, whose inputs go by these names, and says how each node's value is called. */
export type WriteBody = (
  step: Graph,
  site: Site,
  inputs: ReadonlyMap<string, string>,
) => ReadonlyMap<NodeId, string>;

/** Names of the results: what there is of all tokens, then the last states. */
export function writeScan(
  site: Site,
  node: Node,
  inputs: readonly Value[],
  write: WriteBody,
): readonly string[] {
  const { writer } = site;
  const { body, states, sequences } = scanOf(node);
  const { graph } = body;
  const walked = states + sequences;
  const taken = graph.inputs.slice(0, walked).map(({ name, type }): InnerValue => ({ name, ...type }));
  const inner = writer.graph(taken, (...names) => {
    // What comes from outside is read by the name that it has there.
    const known = new Map(
      graph.inputs.map(({ name }, i) => [name, i < walked ? names[i]! : inputs[i]!.name]),
    );
    const shown = graph.inputs.map(({ name, type }) => ({ name: known.get(name)!, type }));
    const inside: Site = { ...site, sizes: sizesOf(writer, shown), reshaped: new Map() };
    const values = write(graph, inside, known);
    return graph.outputs.map(({ node: id }) => ({ name: values.get(id)!, ...graph.nodes[id]!.type }));
  });
  const results = graph.outputs.length - states;
  const axes = (n: number) => ({ ints: Array<number>(n).fill(1) });
  const outputs = writer.nodeOf(
    'Scan',
    inputs.slice(0, walked).map((x) => x.name),
    {
      body: inner,
      num_scan_inputs: { i: sequences },
      scan_input_axes: axes(sequences),
      scan_output_axes: axes(results),
    },
    graph.outputs.length,
  );
  return [...outputs.slice(states), ...outputs.slice(0, states)];
}
