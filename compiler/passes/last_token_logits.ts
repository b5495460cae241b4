/** Computes the logits of the last token only: what nothing else needs is never computed for the others. */

import { equal, size, sub } from '../../spec/dim.ts';
import { words } from '../../spec/op.ts';
import { type Builder, copy, dropDead, newBuilder } from '../graph/builder.ts';
import type { Graph, Node, NodeId } from '../graph/ir.ts';
import { axisOfInputs, withOnePlace } from '../ports/token_axis.ts';
import type { Pass } from './pass.ts';

const tokenAxis = 1;

export const last_token_logits: Pass = {
  name: 'last_token_logits',
  doc: 'Give logits [B, 1, V] of the last token; ports and other outputs still see every token.',
  keepsScopes: true,
  run(graph, { trace }) {
    const wrong = refusal(graph);
    if (wrong) {
      trace(`refused: ${wrong}`);
      return graph;
    }
    return cut(graph, demandsOf(graph), trace);
  },
};

const isLogits = ({ name }: { readonly name: string }): boolean => name === 'logits';

function refusal(graph: Graph): string | undefined {
  const logits = graph.outputs.find(isLogits);
  if (!logits) return 'no output is named logits';
  const { shape } = graph.nodes[logits.node]!.type;
  if (shape.length !== 3) return `logits have ${shape.length} axes`;
  return equal(shape[tokenAxis]!, size(1)) ? 'logits are of one token already' : undefined;
}

/** What is wanted of a node: all of it, or its last place along some axes. */
interface Demand {
  all: boolean;
  readonly last: Set<number>;
}

/** From the outputs back; every user of a node comes before it. Attention stays whole, as targets' kernels for it want. */
function demandsOf(graph: Graph): readonly Demand[] {
  const demands: Demand[] = graph.nodes.map(() => ({ all: false, last: new Set() }));
  for (const output of graph.outputs) {
    if (isLogits(output)) demands[output.node]!.last.add(tokenAxis);
    else demands[output.node]!.all = true;
  }
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const node = graph.nodes[id]!;
    const demand = demands[id]!;
    if ([...demand.last].some((axis) => !sourcesOf(graph, node, axis))) demand.all = true;
    if (demand.all) for (const input of node.inputs) demands[input]!.all = true;
    else {
      for (const axis of demand.last) {
        sourcesOf(graph, node, axis)!.forEach((at, i) => {
          const wanted = demands[node.inputs[i]!]!;
          if (at === 'whole') wanted.all = true;
          else wanted.last.add(at);
        });
      }
    }
  }
  return demands;
}

const sourcesOf = (graph: Graph, node: Node, axis: number) =>
  axisOfInputs(
    node.op,
    axis,
    node.type,
    node.inputs.map((i) => graph.nodes[i]!.type),
    node.attrs,
  );

function cut(graph: Graph, demands: readonly Demand[], trace: (line: string) => void): Graph {
  const builder = newBuilder();
  const all = new Map<NodeId, NodeId>();
  const last = new Map<string, NodeId>();
  for (const node of graph.nodes) {
    const demand = demands[node.id]!;
    const at = graph.origins[node.id]!;
    if (demand.all) {
      const inputs = node.inputs.map((i) => all.get(i)!);
      all.set(node.id, copy(builder, node, inputs, at));
    }
    for (const axis of demand.last) {
      if (demand.all) {
        last.set(`${node.id}:${axis}`, lastPlace(builder, all.get(node.id)!, axis, graph.origins[node.id]!));
        trace(`sliced ${node.op} in ${at[0]?.scope || 'the model'}`);
        continue;
      }
      const inputs = sourcesOf(graph, node, axis)!.map((from, i) => {
        const input = node.inputs[i]!;
        return from === 'whole' ? all.get(input)! : last.get(`${input}:${from}`)!;
      });
      const attrs = withOnePlace(node.op, node.attrs, axis, size(1));
      last.set(`${node.id}:${axis}`, copy(builder, { ...node, attrs }, inputs, at));
    }
  }
  const outputs = graph.outputs.map((o) => ({
    ...o,
    node: isLogits(o) ? last.get(`${o.node}:${tokenAxis}`)! : all.get(o.node)!,
  }));
  return dropDead(builder.finish({ ...graph, outputs }));
}

function lastPlace(builder: Builder, x: NodeId, axis: number, at: Graph['origins'][number]): NodeId {
  const length = builder.node(x).type.shape[axis]!;
  return words(builder.emit(at)).slice(x, axis, sub(length, size(1)), length);
}
