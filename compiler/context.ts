/** How many tokens a model's positions cover: the shortest table that positions index. */

import { constant } from '../spec/dim.ts';
import type { RotaryTable } from '../spec/ops/rotary_table.ts';
import type { Graph, Node } from './ir.ts';

/** Undefined when nothing bounds the text. Reads a graph whose ports are not placed yet. */
export function contextOf(graph: Graph): number | undefined {
  const places = positionNodes(graph);
  let shortest = Number.POSITIVE_INFINITY;
  for (const node of graph.nodes) shortest = Math.min(shortest, rowsOf(graph, node, places));
  return Number.isFinite(shortest) ? shortest : undefined;
}

function rowsOf(graph: Graph, node: Node, places: ReadonlySet<number>): number {
  if (node.op === 'rotary_table' && places.has(node.inputs[0]!)) return (node.attrs as RotaryTable).length;
  if (node.op === 'gather' && places.has(node.inputs[1]!)) {
    return constant(graph.nodes[node.inputs[0]!]!.type.shape[0]!) ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}

/** `positions`, whether the surroundings give them or the model takes them as an input. */
function positionNodes(graph: Graph): ReadonlySet<number> {
  const given = graph.nodes.filter(
    ({ op, attrs }) => (op === 'ambient' || op === 'input') && attrs['name'] === 'positions',
  );
  return new Set(given.map((n) => n.id));
}
