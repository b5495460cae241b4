/** Operators of a graph that make masks and positions: what a reader of an architecture can pass over. */

import type { Graph, Node, NodeId } from '../../compiler/graph/ir.ts';

/** What callers say of tokens besides the tokens. */
const told: ReadonlySet<string> = new Set(['attention_mask', 'position_ids']);

const fixed: ReadonlySet<string> = new Set(['scalar', 'constant', 'table']);

/** Operators that depend on nothing else. */
export function surroundingsOf({ nodes }: Graph): ReadonlySet<NodeId> {
  const found = new Set<NodeId>();
  const follows = ({ op, inputs, attrs }: Node): boolean =>
    op === 'input'
      ? told.has(String(attrs['name']))
      : op !== 'param' && inputs.every((id) => found.has(id) || fixed.has(nodes[id]!.op));
  for (const node of nodes) if (!fixed.has(node.op) && follows(node)) found.add(node.id);
  return found;
}
