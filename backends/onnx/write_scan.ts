/** Writes a scan as the ONNX operator Scan, whose body is the step. */

import type { Graph, Node, NodeId } from '../../compiler/graph/ir.ts';
import { scanOf } from '../../compiler/graph/scan_body.ts';
import type { InnerValue } from './inner_graph.ts';
import type { Site, Value } from './site.ts';
import { sizesOf } from './sizes.ts';

/** Writes the nodes of a step, given the names of its inputs, and returns the names of the nodes' values. */
export type WriteBody = (
  step: Graph,
  site: Site,
  inputs: ReadonlyMap<string, string>,
) => ReadonlyMap<NodeId, string>;

/** Returns the names of the results: those for all tokens, then the last states. */
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
    // Values from outside are read under their names there.
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
