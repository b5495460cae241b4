/** The slots that a call fills in buffers of fixed length, made once for all layers. */

import { rebuild } from '../../compiler/graph/builder.ts';
import type { Graph } from '../../compiler/graph/ir.ts';

/** Gives every `write` the places of its rows, int64 [T], instead of the first of them. */
export const withSlots = (graph: Graph): Graph =>
  rebuild(graph, (node, inputs, builder) => {
    if (node.op !== 'write') return undefined;
    const [buffer, rows, first] = inputs as readonly [number, number, number]; // its shape rule takes three
    const length = builder.node(rows).type.shape[Number(node.attrs['axis'])]!;
    const at = graph.origins[node.id]!;
    const steps = builder.op('iota', [], { size: length }, at);
    const slots = builder.op('add', [steps, first], {}, at);
    return builder.same(node, [buffer, rows, slots], at);
  });
