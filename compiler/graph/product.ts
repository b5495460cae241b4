/** Products with weights: which ops are such, and which of their operands are the weights. */

import { isComposite, opOf } from '../../spec/ops/index.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import type { Axes } from '../../spec/primitives/row.ts';
import type { Node, NodeId } from './ir.ts';
import { meaningOf } from './meaning.ts';
import { axisOfInputs, typedBy } from './token_axis.ts';

type NodeOf = (id: NodeId) => Node;

const axesOfProducts: ReadonlySet<Axes> = new Set<Axes>(['multiplied', 'chosen']);

/** Answers so far, since passes ask of the same node often. */
const known = new WeakMap<Node, boolean>();

/**
 * True when each row of the result is a row of the first operand times a matrix, so that with twice the row it is twice the
 * result. A composite is a product when its last step is one of its first operand with what does not depend on that.
 */
export function isProduct(node: Node, nodeOf: NodeOf): boolean {
  const { op, inputs } = node;
  if (isPrimitive(op)) return axesOfProducts.has(primitives[op].axes);
  if (!isComposite(op) || inputs.length < 2) return false;
  const found = known.get(node) ?? endsInProduct(node, nodeOf);
  known.set(node, found);
  return found;
}

function endsInProduct({ op, inputs, attrs }: Node, nodeOf: NodeOf): boolean {
  if (!isComposite(op)) return false;
  const meaning = meaningOf(
    opOf(op),
    inputs.map((id) => nodeOf(id).type),
    attrs,
  );
  if (typeof meaning === 'string') return false;
  const { builder, operands, result } = meaning;
  const [x] = operands;
  const last = builder.node(result);
  if (last.inputs[0] !== x || !isProduct(last, builder.node)) return false;
  for (let id = operands.length; id < result; id++) if (builder.node(id).inputs.includes(x!)) return false;
  return !last.inputs.slice(1).includes(x!);
}

/** Whether one of its steps is a product, as those of attention are. */
export function hasProducts(node: Node, nodeOf: NodeOf): boolean {
  if (!isComposite(node.op)) return isProduct(node, nodeOf);
  const meaning = meaningOf(
    opOf(node.op),
    node.inputs.map((id) => nodeOf(id).type),
    node.attrs,
  );
  if (typeof meaning === 'string') return isProduct(node, nodeOf);
  const { builder, operands, result } = meaning;
  for (let id = operands.length; id <= result; id++)
    if (hasProducts(builder.node(id), builder.node)) return true;
  return false;
}

/** The operands of a product that have its columns, and where those lie in them. */
export function weightsOf(
  node: Node,
  nodeOf: NodeOf,
): readonly { readonly id: NodeId; readonly axis: number }[] {
  const sources = axisOfInputs(node.type.shape.length - 1, typedBy(node, nodeOf));
  if (typeof sources === 'string') return [];
  return node.inputs.flatMap((id, i) => {
    const axis = sources[i];
    return typeof axis === 'number' ? [{ id, axis }] : [];
  });
}
