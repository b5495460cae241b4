/** Applies a rewrite again and again until a graph changes no more; one that never comes to rest fails. */

import { Bug } from '../spec/diagnostic.ts';
import { type Change, rebuild } from './builder.ts';
import type { Graph, Node } from './ir.ts';
import { commonScope } from './scope.ts';

/** Visits allowed for each node of the graph as it came in. */
const visitsPerNode = 64;

/**
 * `change` gives nothing for a node that it leaves alone, and must come to do so for all. Throws a `Bug` after `limit` visits.
 */
export function rewrite(
  graph: Graph,
  change: Change,
  limit: number = visitsPerNode * (graph.nodes.length + 16),
): Graph {
  let current = graph;
  let visits = 0;
  for (;;) {
    const changed: Node[] = [];
    const before = current;
    const next = rebuild(before, (node, inputs, builder, at) => {
      visits++;
      if (visits > limit) throw endless(before, changed.at(-1) ?? node, limit);
      const made = change(node, inputs, builder, at);
      if (made !== undefined) changed.push(node);
      return made;
    });
    if (changed.length === 0) return before;
    current = next;
  }
}

function endless({ origins }: Graph, { id, op }: Node, limit: number): Bug {
  const place = commonScope(origins[id] ?? []) || 'the model';
  return new Bug(`rewriting did not come to rest in ${limit} visits; ${op} in ${place} was changed last`);
}
