/** Keeps the numbers of each token as one row of a matrix from one product with a weight to the next. */

import { type Builder, rebuild } from '../../compiler/graph/builder.ts';
import type { Graph, Node, NodeId, Origin } from '../../compiler/graph/ir.ts';
import { meaningOf, operand, unlikeSteps } from '../../compiler/graph/meaning.ts';
import { isProduct } from '../../compiler/graph/product.ts';
import { usersOf } from '../../compiler/graph/users.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import { equal, product } from '../../spec/dim.ts';
import type { Attrs, Op } from '../../spec/op.ts';
import { isComposite, opOf } from '../../spec/ops/index.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import type { Axes } from '../../spec/primitives/row.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';

type Type = TensorType<GraphDType>;

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
    const refusals = new Set<string>();
    let flattened = 0;
    const result = rebuild(graph, (node, inputs, b, at) => {
      if (node.type.shape.length < 3 || (ending.has(node.id) && node.op !== 'linear')) return undefined;
      if (node.op !== 'linear' && !inputs.some((id) => rowsOf(id, b) !== undefined)) return undefined;
      const attrs = onRows(node, inputs, b.node);
      if (typeof attrs === 'string') refusals.add(`refused: ${node.op}, since ${attrs}`);
      if (typeof attrs === 'string') return undefined;
      flattened++;
      const rows = inputs.map((id) => (hasRows(b.node(id).type, node.type) ? asRows(id, b, at) : id));
      return b.op('reshape', [b.op(node.op, rows, attrs, at)], { shape: node.type.shape }, at);
    });
    for (const line of refusals) trace(line);
    if (flattened > 0) trace(`${flattened} of ${graph.nodes.length} nodes work on rows`);
    return result;
  },
};

/** Nodes that only outputs use, directly or through others that work on rows and are no products. */
function endings(graph: Graph): ReadonlySet<NodeId> {
  const { nodes } = graph;
  const inside = new Set<NodeId>();
  const users = usersOf(graph);
  for (const node of nodes.toReversed()) {
    if (isProduct(node, (id) => nodes[id]!) || !(users.get(node.id) ?? []).every((user) => inside.has(user)))
      continue;
    // A slice of tokens ends the rows all the same: what an output takes of them is copied once.
    if (node.op === 'slice' || typeof onRows(node, node.inputs, (id) => nodes[id]!) !== 'string')
      inside.add(node.id);
  }
  return inside;
}

/** Whether an operand has a row for each row of a result; one with fewer is the same for all of them. */
export const hasRows = ({ shape: a }: Type, { shape: b }: Type): boolean =>
  a.length > 1 && a.length === b.length && a.slice(0, -1).every((d, i) => equal(d, b[i]!));

const rowsType = ({ dtype, shape }: Type): Type => ({
  dtype,
  shape: [product(shape.slice(0, -1)), shape.at(-1)!],
});

/** The attributes with which a node works on rows of its operands of these types; or why it cannot. */
type Rule = (node: Node, types: readonly Type[]) => Attrs | string;

const always =
  (why: string): Rule =>
  () =>
    why;

const rules: Readonly<Record<Axes, Rule>> = {
  made: always('it is made for all places at once'),
  each: ({ attrs, type }) => ('shape' in attrs ? { ...attrs, shape: rowsType(type).shape } : attrs),
  last: ({ attrs }) => attrs,
  along: ({ attrs, type }) =>
    attrs['axis'] === type.shape.length - 1 ? { ...attrs, axis: 1 } : 'it works along an axis of the rows',
  moved: always('it moves axes of the rows'),
  reshaped: always('it splits or joins axes'),
  stacked: always('it puts an axis before the rows'),
  gathered: always('its ids have axes of their own'),
  taken: always('its index has axes of its own'),
  multiplied: ({ attrs }, [, matrix]) => (matrix!.shape.length === 2 ? attrs : 'rows have several matrices'),
  chosen: always('its choice has axes of its own'),
};

function onRows(node: Node, inputs: readonly NodeId[], nodeOf: (id: NodeId) => Node): Attrs | string {
  const { op, type, attrs } = node;
  const types = inputs.map((id) => nodeOf(id).type);
  const apart = types.map((x) => hasRows(x, type));
  if (isPrimitive(op)) {
    const { axes } = primitives[op];
    const changed = rules[axes](node, types);
    if (typeof changed === 'string') return changed;
    if (!apart.includes(true)) return 'no operand has its rows';
    const fits = axes === 'multiplied' || types.every(({ shape }, i) => apart[i] || shape.length <= 1);
    return fits ? changed : 'an operand has other axes';
  }
  if (!apart.includes(true)) return 'no operand has its rows';
  return isComposite(op) ? bySteps(opOf(op), types, attrs, apart) : 'it goes from token to token';
}

/** Whether a composite may work on rows, which it may when each of its steps may; or why not. */
function bySteps(op: Op, types: readonly Type[], attrs: Attrs, apart: readonly boolean[]): Attrs | string {
  const meaning = meaningOf(op, types, attrs);
  if (typeof meaning === 'string') return meaning;
  const { builder, operands } = meaning;
  const others = operands.map((id, i) =>
    apart[i] ? operand(builder, `rows ${i}`, rowsType(types[i]!)) : id,
  );
  const unlike = unlikeSteps(op, attrs, meaning, others, (step, inputs) => {
    const moved = inputs.map((id, i) => id !== step.inputs[i]);
    if (!moved.includes(true)) return step.id;
    const rowed = step.inputs.map((id) => hasRows(builder.node(id).type, step.type));
    if (moved.some((is, i) => is && !rowed[i])) return 'it changes the rows';
    if (rowed.some((is, i) => is && !moved[i])) return 'it is made for all places at once';
    const changed = onRows(step, step.inputs, builder.node);
    return typeof changed === 'string' ? changed : builder.op(step.op, inputs, changed, []);
  });
  return unlike ?? attrs;
}

/** The matrix [rows, n] that a value was reshaped from. */
function rowsOf(id: NodeId, b: Builder): NodeId | undefined {
  const { op, inputs, type } = b.node(id);
  if (op !== 'reshape' || type.shape.length < 3) return undefined;
  const before = b.node(inputs[0]!).type.shape;
  return before.length === 2 && equal(before[1]!, type.shape.at(-1)!) ? inputs[0] : undefined;
}

function asRows(id: NodeId, b: Builder, at: readonly Origin[]): NodeId {
  return rowsOf(id, b) ?? b.op('reshape', [id], { shape: rowsType(b.node(id).type).shape }, at);
}
