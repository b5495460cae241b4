/** Keeps the numbers of each token as one row of a matrix from one product with a weight to the next. */

import { type Builder, rebuild } from '../../compiler/graph/builder.ts';
import type { Graph, Node, NodeId, Origin } from '../../compiler/graph/ir.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import { type Dim, equal, product } from '../../spec/dim.ts';
import { elementwise } from '../../spec/primitives/elementwise.ts';

/** Ops whose result has each row of the operands apart; those on whole rows take one operand. */
const rowwise: ReadonlySet<string> = new Set([
  ...Object.keys(elementwise),
  ...['gelu', 'gelu_tanh', 'silu', 'rms_norm', 'layer_norm', 'softmax'],
]);

/**
 * `linear` on [B, T, n] is a product of matrices with a reshape before and after; what lies between two of them needs no
 * third axis, so the reshapes move down until they meet. Before an output they stay up: there a reshape is a copy.
 */
export const flatten_rows: Pass = {
  name: 'flatten_rows',
  doc: 'Join batch and time into one axis around products with weights.',
  keepsScopes: true,
  run(graph, { trace }) {
    const ending = endings(graph);
    let flattened = 0;
    const result = rebuild(graph, (node, inputs, b, at) => {
      if (node.type.shape.length < 3 || (ending.has(node.id) && node.op !== 'linear')) return undefined;
      const rows = rowsFor(node, inputs, b, at);
      if (!rows) return undefined;
      flattened++;
      const attrs = node.op === 'slice' ? { ...node.attrs, axis: 1 } : node.attrs;
      return b.op('reshape', [b.op(node.op, rows, attrs, at)], { shape: node.type.shape }, at);
    });
    if (flattened > 0) trace(`${flattened} of ${graph.nodes.length} nodes work on rows`);
    return result;
  },
};

/** Nodes that only outputs use, directly or through others of the kind. */
function endings(graph: Graph): ReadonlySet<NodeId> {
  const inside = new Set<NodeId>();
  const users = new Map<NodeId, NodeId[]>();
  for (const { id, inputs } of graph.nodes) {
    for (const input of inputs) users.set(input, [...(users.get(input) ?? []), id]);
  }
  for (const { id, op } of graph.nodes.toReversed()) {
    const passes = rowwise.has(op) || op === 'slice';
    if (passes && (users.get(id) ?? []).every((user) => inside.has(user))) inside.add(id);
  }
  return inside;
}

/** The operands of a node as rows; undefined when the node must see all axes, or none of them is made of rows. */
function rowsFor(
  node: Node,
  inputs: readonly NodeId[],
  b: Builder,
  at: readonly Origin[],
): readonly NodeId[] | undefined {
  const { shape } = node.type;
  const [x, ...rest] = inputs;
  if (node.op === 'linear') return [asRows(x!, b, at), ...rest];
  const sliced = node.op === 'slice' && node.attrs['axis'] === shape.length - 1;
  if (!sliced && !rowwise.has(node.op)) return undefined;
  if (!inputs.some((id) => rowsOf(id, b) !== undefined)) return undefined;
  const fits = inputs.every((id) => {
    const other = b.node(id).type.shape;
    return other.length <= 1 || (other.length === shape.length && sameLead(other, shape));
  });
  if (!fits) return undefined;
  return inputs.map((id) => (b.node(id).type.shape.length <= 1 ? id : asRows(id, b, at)));
}

const sameLead = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.slice(0, -1).every((d, i) => equal(d, b[i]!));

/** What a reshaped matrix was before. */
function rowsOf(id: NodeId, b: Builder): NodeId | undefined {
  const { op, inputs, type } = b.node(id);
  if (op !== 'reshape' || type.shape.length < 3) return undefined;
  const before = b.node(inputs[0]!).type.shape;
  return before.length === 2 && equal(before[1]!, type.shape.at(-1)!) ? inputs[0] : undefined;
}

function asRows(id: NodeId, b: Builder, at: readonly Origin[]): NodeId {
  const { shape } = b.node(id).type;
  const rows = [product(shape.slice(0, -1)), shape.at(-1)!];
  return rowsOf(id, b) ?? b.op('reshape', [id], { shape: rows }, at);
}
