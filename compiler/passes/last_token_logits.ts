/** Computes the logits of the last token only, and leaves out what the other tokens then do not need. */

import { equal, size, sub } from '../../spec/dim.ts';
import { words } from '../../spec/op.ts';
import { type Builder, copy, dropDead, newBuilder } from '../graph/builder.ts';
import type { Graph, NodeId } from '../graph/ir.ts';
import { axisOfInputs, onePlace, type Sources, typedBy } from '../graph/token_axis.ts';
import type { Pass } from './pass.ts';

const tokenAxis = 1;

export const last_token_logits: Pass = {
  name: 'last_token_logits',
  doc: 'Give logits [B, 1, V] of the last token; ports and other outputs still see every token.',
  keepsScopes: true,
  changesBoundary: true,
  run(graph, { trace }) {
    const wrong = refusal(graph);
    if (wrong) {
      trace(`refused: ${wrong}`);
      return graph;
    }
    return lastOnly(graph, demandsOf(graph), trace);
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

/** The part of a node that is needed: all of it, or its last place along some axes. */
interface Demand {
  all: boolean;
  /** By axis, where the last place comes from. */
  readonly last: Map<number, Sources>;
}

/** From the outputs back; every user of a node comes before it. */
function demandsOf(graph: Graph): readonly Demand[] {
  const demands: Demand[] = graph.nodes.map(() => ({ all: false, last: new Map() }));
  const want = (id: NodeId, axis: number): void => {
    const node = graph.nodes[id]!;
    demands[id]!.last.set(
      axis,
      axisOfInputs(
        axis,
        typedBy(node, (of) => graph.nodes[of]!),
      ),
    );
  };
  for (const output of graph.outputs) {
    if (isLogits(output)) want(output.node, tokenAxis);
    else demands[output.node]!.all = true;
  }
  for (const { id, inputs } of graph.nodes.toReversed()) {
    const demand = demands[id]!;
    demand.all ||= [...demand.last.values()].some((from) => typeof from === 'string');
    if (demand.all) for (const input of inputs) demands[input]!.all = true;
    else {
      for (const from of demand.last.values()) {
        for (const [i, input] of inputs.entries()) {
          const at = from[i];
          if (typeof at === 'number') want(input, at);
          else demands[input]!.all = true;
        }
      }
    }
  }
  return demands;
}

function lastOnly(graph: Graph, demands: readonly Demand[], trace: (line: string) => void): Graph {
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
    for (const [axis, sources] of demand.last) {
      if (demand.all) {
        last.set(`${node.id}:${axis}`, lastPlace(builder, all.get(node.id)!, axis, at));
        const why = typeof sources === 'string' ? sources : 'others need all of it';
        trace(`sliced ${node.op} in ${at[0]?.scope || 'the model'}, since ${why}`);
        continue;
      }
      const inputs = node.inputs.map((input, i) => {
        const from = sources[i];
        return typeof from === 'number' ? last.get(`${input}:${from}`)! : all.get(input)!;
      });
      last.set(`${node.id}:${axis}`, copy(builder, onePlace(node, axis), inputs, at));
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
