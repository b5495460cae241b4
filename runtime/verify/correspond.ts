/** Pairs values of two forms of one graph that come from the same piece of the spec. */

import type { Graph, NodeId, Origin } from '../../compiler/graph/ir.ts';
import { isComputed } from './trace.ts';

export interface Match {
  readonly before: NodeId;
  readonly after: NodeId;
}

const keyOf = ({ scope, span, via }: Origin): string =>
  `${scope} ${span.source.name}:${span.start}:${span.end} ${via.join('.')}`;

/** The last computed node of each origin, which holds the value of that piece of the spec. */
function lastByOrigin({ nodes, origins }: Graph): ReadonlyMap<string, NodeId> {
  const last = new Map<string, NodeId>();
  for (const node of nodes) {
    if (!isComputed(node)) continue;
    for (const origin of origins[node.id]!) last.set(keyOf(origin), node.id);
  }
  return last;
}

/**
 * In the order of `after`. A node that a rewrite made from several has all their origins but only the value of the last,
 * so of the nodes before it the last one counts.
 */
export function correspond(before: Graph, after: Graph): readonly Match[] {
  const earlier = lastByOrigin(before);
  const found = new Map<NodeId, NodeId>();
  for (const [key, id] of lastByOrigin(after)) {
    const was = earlier.get(key);
    if (was !== undefined) found.set(id, Math.max(was, found.get(id) ?? -1));
  }
  return [...found].map(([id, was]) => ({ before: was, after: id })).sort((a, b) => a.after - b.after);
}
