/** What a composite means, step by step: what can be done around each of its primitives can be done around the op. */

import type { Attrs, Op } from '../../spec/op.ts';
import { type GraphDType, showType, type TensorType } from '../../spec/type.ts';
import { type Builder, newBuilder } from './builder.ts';
import type { Node, NodeId } from './ir.ts';

type Type = TensorType<GraphDType>;

export interface Meaning {
  readonly builder: Builder;
  /** The operands, which are the first nodes; the result is the last. */
  readonly operands: readonly NodeId[];
  readonly result: NodeId;
}

/** The op's steps on operands of these types, in a graph of their own; or why it has none. */
export function meaningOf(op: Op, types: readonly Type[], attrs: Attrs): Meaning | string {
  const builder = newBuilder();
  const operands = types.map((type, i) => operand(builder, String(i), type));
  const result = meantOn(builder, op, operands, attrs);
  return typeof result === 'string' ? result : { builder, operands, result };
}

/**
 * Why the op on other operands is not its steps, each changed in the same way; undefined when it is, so that the op can be
 * changed whole. `change` gives a step on the other operands' results, or why there is none.
 */
export function unlikeSteps(
  op: Op,
  attrs: Attrs,
  { builder, operands, result }: Meaning,
  others: readonly NodeId[],
  change: (step: Node, inputs: readonly NodeId[]) => NodeId | string,
): string | undefined {
  const changed = new Map(operands.map((id, i) => [id, others[i]!]));
  for (let id = operands.length; id <= result; id++) {
    const step = builder.node(id);
    const inputs = step.inputs.map((i) => changed.get(i)!);
    const made = tried(() => change(step, inputs)) ?? 'it does not take what comes before it';
    if (typeof made === 'string') return `its ${step.op}: ${made}`;
    changed.set(id, made);
  }
  const meant = meantOn(builder, op, others, attrs);
  if (typeof meant === 'string') return meant;
  return meant === changed.get(result) ? undefined : 'it depends on sizes';
}

export const operand = (builder: Builder, name: string, type: Type): NodeId =>
  builder.leaf('input', [], { name }, type, []);

/** The op's steps on these nodes. What it throws, be it code of a plugin, says that it does not take them. */
export function meantOn(builder: Builder, op: Op, inputs: readonly NodeId[], attrs: Attrs): NodeId | string {
  const types = inputs.map((id) => builder.node(id).type);
  const meant = tried(() => {
    const type = op.infer(types, attrs);
    return typeof type === 'string' ? type : op.decompose(builder.emit([]), inputs, attrs);
  });
  return meant ?? `\`${op.name}\` does not take ${types.map(showType).join(', ')}`;
}

/** Undefined where it throws, as a shape rule does, or code of a plugin. */
export function tried<R>(run: () => R): R | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
