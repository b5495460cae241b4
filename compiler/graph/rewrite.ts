/** Applies a rewrite again and again until a graph changes no more; one that never comes to rest fails. */

import { Bug } from '../../spec/diagnostic.ts';
import { type Change, rebuild } from './builder.ts';
import type { Graph } from './ir.ts';
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
  let visits = 0;
  let last = 'nothing';
  for (let before = graph; ; ) {
    let changes = 0;
    const after = rebuild(before, (node, inputs, builder, at) => {
      if (visits++ >= limit) {
        throw new Bug(`rewriting did not come to rest in ${limit} visits; ${last} was changed last`);
      }
      const made = change(node, inputs, builder, at);
      if (made === undefined) return undefined;
      changes++;
      last = `${node.op} in ${commonScope(at) || 'the model'}`;
      return made;
    });
    if (changes === 0) return before;
    before = after;
  }
}
