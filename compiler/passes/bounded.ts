/** Finds values that are bounded whatever the activations are; weights, which are checked when compiling, count as bounded. */

import { append } from '../../spec/long_list.ts';
import type { Attrs, Op } from '../../spec/op.ts';
import { isComposite, opOf } from '../../spec/ops/index.ts';
import { type Bounded, type Bounds, both, neither } from '../../spec/primitives/bounds.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { Structural } from '../graph/builder.ts';
import type { Node, NodeId } from '../graph/ir.ts';
import { meaningOf } from '../graph/meaning.ts';

type NodeOf = (id: NodeId) => Node;
type BoundsOf = (id: NodeId) => Bounded;

const structuralBounds: Readonly<Record<Structural, Bounded>> = {
  param: both,
  table: both,
  ambient: both,
  input: neither,
  cache: neither,
  delay: neither,
  state: neither,
  scan: neither,
  result: neither,
};

/** Returns a function that computes the bounds of each node once; the first nodes may be known already. */
export function boundedness(nodeOf: NodeOf, given: readonly Bounded[] = []): BoundsOf {
  const known = new Map<NodeId, Bounded>(given.entries());
  return (id) => {
    const waiting = [id];
    while (waiting.length > 0) {
      const next = waiting.at(-1)!;
      const node = nodeOf(next);
      const needed = isPrimitive(node.op) || isComposite(node.op) ? node.inputs : [];
      const open = needed.filter((i) => !known.has(i));
      append(waiting, open);
      if (open.length > 0) continue;
      waiting.pop();
      const inputs = needed.map((i) => known.get(i)!);
      const types = needed.map((i) => nodeOf(i).type);
      known.set(next, boundsOf(node, types, inputs));
    }
    return known.get(id)!;
  };
}

/** Bounds of an op's result on operands of these types and bounds. */
export function boundsOf(
  { op, attrs }: Pick<Node, 'op' | 'attrs'>,
  types: readonly TensorType<GraphDType>[],
  inputs: readonly Bounded[],
): Bounded {
  if (isPrimitive(op)) return (primitives[op].bounds as Bounds<unknown>)(inputs, attrs); // the attributes are its own
  if (!isComposite(op)) return structuralBounds[op as Structural]; // there are no others
  return opOf(op).bounds?.(inputs, attrs) ?? boundsBySteps(opOf(op), attrs, types, inputs);
}

/** What bounds a composite has, found by following the bounds through its steps. */
export function boundsBySteps(
  op: Op,
  attrs: Attrs,
  types: readonly TensorType<GraphDType>[],
  inputs: readonly Bounded[],
): Bounded {
  const meaning = meaningOf(op, types, attrs);
  return typeof meaning === 'string' ? neither : boundedness(meaning.builder.node, inputs)(meaning.result);
}
