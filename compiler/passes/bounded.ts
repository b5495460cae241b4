/** Finds values that are bounded whatever the activations are; a product of two unbounded values can leave the range of a narrow dtype. */

import { append } from '../../spec/long_list.ts';
import type { Node, NodeId } from '../graph/ir.ts';

/** Whether a value is bounded from below and from above; weights, which are checked when compiling, count as bounded. */
export interface Bounded {
  readonly below: boolean;
  readonly above: boolean;
}

const both: Bounded = { below: true, above: true };
const neither: Bounded = { below: false, above: false };

export const isBounded = ({ below, above }: Bounded): boolean => below && above;

type Rule = (...inputs: readonly Bounded[]) => Bounded;

const always: Rule = () => both;
const all: Rule = (...inputs) => ({
  below: inputs.every((x) => x.below),
  above: inputs.every((x) => x.above),
});
const onlyBoth: Rule = (...inputs) => (inputs.every(isBounded) ? both : neither);
const fromBelow: Rule = (x) => ({ below: true, above: x!.above });

const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    [
      ...['param', 'table', 'scalar', 'constant', 'size', 'iota', 'ambient'],
      ...['sigmoid', 'tanh', 'sin', 'cos', 'erf', 'softmax', 'rms_norm', 'layer_norm', 'is_top'],
      ...['eq', 'lt', 'le', 'and', 'or', 'not'],
    ].map((op) => [op, always]),
  ),
  ...Object.fromEntries(
    ['reshape', 'transpose', 'slice', 'broadcast', 'cast', 'concat', 'append', 'stack', 'add'].map((op) => [
      op,
      all,
    ]),
  ),
  ...Object.fromEntries(['mul', 'rotary'].map((op) => [op, onlyBoth])),
  ...Object.fromEntries(['relu', 'silu', 'gelu', 'gelu_tanh'].map((op) => [op, fromBelow])),
  abs: (x) => ({ below: true, above: isBounded(x!) }),
  neg: (x) => ({ below: x!.above, above: x!.below }),
  sub: (a, b) => ({ below: a!.below && b!.above, above: a!.above && b!.below }),
  min: (a, b) => ({ below: a!.below && b!.below, above: a!.above || b!.above }),
  max: (a, b) => ({ below: a!.below || b!.below, above: a!.above && b!.above }),
  where: (_, a, b) => all(a!, b!),
  gather: (table, _) => table!,
  attention: (_, __, values) => values!,
};

/** Returns a function that computes the bounds of each node once. */
export function boundedness(nodeOf: (id: NodeId) => Node): (id: NodeId) => Bounded {
  const known = new Map<NodeId, Bounded>();
  return (id) => {
    const waiting = [id];
    while (waiting.length > 0) {
      const next = waiting.at(-1)!;
      const { op, inputs } = nodeOf(next);
      const unknown = op in rules ? inputs.filter((i) => !known.has(i)) : [];
      append(waiting, unknown);
      if (unknown.length > 0) continue;
      waiting.pop();
      known.set(next, rules[op]?.(...inputs.map((i) => known.get(i)!)) ?? neither);
    }
    return known.get(id)!;
  };
}
