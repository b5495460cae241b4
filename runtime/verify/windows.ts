/** The lengths of the windows of attention in a graph. */

import type { Graph } from '../../compiler/graph/ir.ts';

/** Keys that each kind of windowed attention sees, the token's own included; the smallest first. */
export function windowsOf(graph: Graph): readonly number[] {
  const found = graph.nodes.flatMap(({ op, attrs }) => {
    const window = attrs['window'];
    return op === 'attention' && typeof window === 'number' ? [window] : [];
  });
  return [...new Set(found)].sort((a, b) => a - b);
}
