/** Leaves out what no output needs. */

import { dropDead } from '../graph/builder.ts';
import type { Pass } from './pass.ts';

export const drop_dead_nodes: Pass = {
  name: 'drop_dead_nodes',
  doc: 'Leave out nodes that no output needs.',
  keepsScopes: true,
  run(graph, { trace }) {
    const live = dropDead(graph);
    const gone = graph.nodes.length - live.nodes.length;
    if (gone > 0) trace(`${gone} of ${graph.nodes.length} nodes`);
    return live;
  },
};
