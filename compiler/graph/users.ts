/** Which nodes read a node's value: the inputs of a graph the other way round. */

import type { Graph, NodeId } from './ir.ts';

/** A node that reads a value twice is listed twice; a value that nothing reads has no entry. */
export function usersOf({ nodes }: Graph): ReadonlyMap<NodeId, readonly NodeId[]> {
  const users = new Map<NodeId, NodeId[]>();
  for (const { id, inputs } of nodes) {
    for (const input of inputs) {
      const known = users.get(input);
      if (known) known.push(id);
      else users.set(input, [id]);
    }
  }
  return users;
}
