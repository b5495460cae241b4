/**
 * A pass of one's own: for programs that only ever take the most probable token. A softcap at the very end, limit * tanh(x / limit),
 * keeps the order of the logits, so it is left out.
 */

import { type Graph, type Pass, rebuild } from 'nanospec';

const drop_final_softcap: Pass = {
  name: 'drop_final_softcap',
  doc: 'Leave out a softcap of the logits, which changes no choice of the largest.',
  keepsScopes: true,
  run(graph, { trace }) {
    const logits = graph.outputs.find((o) => o.name === 'logits');
    const inner = logits && softcapped(graph, logits.node);
    if (inner === undefined) {
      trace('refused: the logits are not capped');
      return graph;
    }
    trace(`logits: %${logits?.node} gives way to %${inner}`);
    const outputs = graph.outputs.map((o) => (o === logits ? { ...o, node: inner } : o));
    return rebuild(graph, () => undefined, { outputs }); // and what nothing uses any more goes
  },
};

/** x of limit * tanh(x / limit). */
function softcapped({ nodes }: Graph, id: number): number | undefined {
  const product = nodes[id];
  const tanh =
    product?.op === 'mul' ? product.inputs.map((i) => nodes[i]).find((n) => n?.op === 'tanh') : undefined;
  const quotient = tanh && nodes[tanh.inputs[0] ?? -1];
  if (quotient?.op !== 'div') return undefined;
  const [x, limit] = quotient.inputs;
  return limit !== undefined && product?.inputs.includes(limit) ? x : undefined;
}

export const passes = [drop_final_softcap];
