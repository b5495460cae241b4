/** Nodes that compute masks and positions, which a reader of an architecture can skip. */

import type { Graph, Node, NodeId } from '../../compiler/graph/ir.ts';
import { valueSource } from '../../compiler/graph/value_source.ts';

/** Inputs of a call besides the tokens. */
const callerInputs: ReadonlySet<string> = new Set(['attention_mask', 'position_ids']);

const isConstant = (node: Node): boolean => valueSource(node) === 'attributes';

/** Nodes that depend on those inputs and on constants alone. */
export function maskAndPositionNodes({ nodes }: Graph): ReadonlySet<NodeId> {
  const found = new Set<NodeId>();
  const follows = ({ op, inputs, attrs }: Node): boolean =>
    op === 'input'
      ? callerInputs.has(String(attrs['name']))
      : op !== 'param' && inputs.every((id) => found.has(id) || isConstant(nodes[id]!));
  for (const node of nodes) if (!isConstant(node) && follows(node)) found.add(node.id);
  return found;
}
