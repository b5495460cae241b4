/** The parameters that logits are products with: the head, or the embedding that is tied to it. */

import { append } from '../../spec/long_list.ts';
import type { Graph, NodeId } from './ir.ts';
import { isProduct, weightsOf } from './product.ts';

/** Their names in the checkpoint. */
export function headsOf({ nodes, outputs }: Graph): ReadonlySet<string> {
  const start = outputs.find(({ name }) => name === 'logits') ?? outputs[0];
  const heads = new Set<string>();
  const seen = new Set<NodeId>();
  const visit = (from: readonly NodeId[], found: (id: NodeId) => readonly NodeId[]): void => {
    const waiting = [...from];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      append(waiting, found(id));
    }
  };
  const weights: NodeId[] = [];
  visit(start ? [start.node] : [], (id) => {
    const node = nodes[id]!;
    const nodeOf = (of: NodeId) => nodes[of]!;
    if (!isProduct(node, nodeOf)) return node.inputs;
    append(
      weights,
      weightsOf(node, nodeOf).map((weight) => weight.id),
    );
    return [];
  });
  visit(weights, (id) => {
    const { op, inputs, attrs } = nodes[id]!;
    if (op === 'param') heads.add(String(attrs['of'] ?? attrs['name']));
    return inputs;
  });
  return heads;
}
