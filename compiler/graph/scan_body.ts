/**
 * The step of a scan as a graph of its own, without tokens: its inputs are the states, the token's part of each sequence and
 * what is taken from outside, in the order of the node's inputs; its outputs the new states and what there is of the token.
 *
 * The node gives, by `result` nodes, what there is of all tokens, [B, T, s...] each, and then the last states.
 */

import type { Inner } from '../../spec/op.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { type Builder, rebuild } from './builder.ts';
import type { Graph, Node, NodeId, Origin } from './ir.ts';

export interface Body extends Inner {
  readonly graph: Graph;
}

let made = 0;

export const bodyFrom = (graph: Graph): Body => ({ inner: ++made, graph });

export interface Scan {
  readonly body: Body;
  readonly states: number;
  readonly sequences: number;
}

/** The attributes of a `scan` node. */
export const scanOf = ({ attrs }: Pick<Node, 'attrs'>): Scan => attrs as unknown as Scan;

/** Types of its results: [B, T, s...] for each of a token, then the states. */
export function resultTypes(
  { body: { graph }, states }: Scan,
  tokens: Token,
): readonly TensorType<GraphDType>[] {
  const types = graph.outputs.map((o) => graph.nodes[o.node]!.type);
  const all = types
    .slice(states)
    .map(({ dtype, shape }) => ({ dtype, shape: [shape[0]!, tokens, ...shape.slice(1)] }));
  return [...all, ...types.slice(0, states)];
}

type Token = TensorType['shape'][number];

/** The node and its results; those of all tokens come first. */
export function makeScan(
  builder: Builder,
  scan: Scan,
  inputs: readonly NodeId[],
  origins: readonly Origin[],
): readonly NodeId[] {
  const tokens = builder.node(inputs[scan.states]!).type.shape[1]!;
  const types = resultTypes(scan, tokens);
  const node = builder.leaf('scan', inputs, { ...scan }, types[0]!, origins);
  return types.map((type, index) => builder.leaf('result', [node], { index }, type, origins));
}

/** The graph with every step changed; results keep their places. */
export function withBodies(graph: Graph, change: (body: Graph) => Graph): Graph {
  if (!graph.nodes.some((n) => n.op === 'scan')) return graph;
  return rebuild(graph, (node, inputs, builder, at) => {
    if (node.op !== 'scan') return undefined;
    const before = scanOf(node);
    const after = change(before.body.graph);
    if (after === before.body.graph) return undefined;
    const attrs = { ...before, body: bodyFrom(after) };
    return builder.leaf('scan', inputs, attrs, node.type, at);
  });
}
