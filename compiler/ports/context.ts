/** How many tokens a model's positions cover: the shortest table that positions index. */

import { constant } from '../../spec/dim.ts';
import type { RotaryTable } from '../../spec/ops/rotary_table.ts';
import type { Graph, Node, NodeId } from '../graph/ir.ts';

/** Undefined when nothing bounds the length of a text. The graph is one whose ports are not placed yet. */
export function contextOf(graph: Graph): number | undefined {
  const places = positionNodes(graph);
  let shortest = Number.POSITIVE_INFINITY;
  for (const node of graph.nodes) shortest = Math.min(shortest, rowsOf(graph, node, places));
  return Number.isFinite(shortest) ? shortest : undefined;
}

function rowsOf(graph: Graph, node: Node, places: ReadonlyMap<NodeId, number>): number {
  if (node.op === 'rotary_table' && places.has(node.inputs[0]!)) return (node.attrs as RotaryTable).length;
  const first = node.op === 'gather' ? places.get(node.inputs[1]!) : undefined;
  if (first === undefined) return Number.POSITIVE_INFINITY;
  return (constant(graph.nodes[node.inputs[0]!]!.type.shape[0]!) ?? Number.POSITIVE_INFINITY) - first;
}

/** Nodes that equal `positions` plus a constant, with that constant: 2 for `positions + 2`. */
function positionNodes({ nodes }: Graph): ReadonlyMap<NodeId, number> {
  const places = new Map<NodeId, number>();
  const number = (id: NodeId): number | undefined =>
    nodes[id]!.op === 'scalar' ? Number(nodes[id]!.attrs['value']) : undefined;
  for (const { id, op, attrs, inputs } of nodes) {
    const [a, b] = inputs;
    const [first, second] = [places.get(a!), places.get(b!)];
    if ((op === 'ambient' || op === 'input') && attrs['name'] === 'positions') places.set(id, 0);
    else if (first !== undefined && (op === 'cast' || op === 'reshape')) places.set(id, first);
    else if (first !== undefined && op === 'add') place(id, first, number(b!));
    else if (first !== undefined && op === 'sub') place(id, first, -(number(b!) ?? Number.NaN));
    else if (second !== undefined && op === 'add') place(id, second, number(a!));
  }
  function place(id: NodeId, start: number, by = Number.NaN): void {
    if (!Number.isNaN(by)) places.set(id, start + by);
  }
  return places;
}
