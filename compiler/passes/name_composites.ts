/** Gives norms, activations and rotations that a spec writes out in primitives the name of the op that they are. */

import { type Composite, compositeNames, isComposite, opOf } from '../../spec/ops/index.ts';
import { isPrimitive } from '../../spec/primitives/index.ts';
import { showType } from '../../spec/type.ts';
import type { Builder } from '../graph/builder.ts';
import type { Node, NodeId, Origin } from '../graph/ir.ts';
import { type Found, nearbyOf, type Recogniser, recogniser, widens } from '../graph/recognise.ts';
import { rewrite } from '../graph/rewrite.ts';
import { commonScope } from '../graph/scope.ts';
import type { Pass } from './pass.ts';

export const name_composites: Pass = {
  name: 'name_composites',
  doc: 'Recognise norms, activations and rotations written out by hand, so that targets can use their kernels.',
  keepsScopes: true,
  inSteps: true,
  run(graph, { trace }) {
    const patterns = recogniser();
    const refusals = new Set<string>();
    const place = { patterns, trace, refusals };
    const result = rewrite(graph, (node, inputs, builder, at) =>
      isPrimitive(node.op) && inputs.length > 0
        ? (narrowed(node, inputs, builder, at) ?? named({ ...node, inputs }, { ...place, builder, at }))
        : undefined,
    );
    for (const line of refusals) trace(line);
    return result;
  },
};

const isRecognised = (name: Composite): boolean => typeof opOf(name).recognise === 'object';

/** Ops that say how they are found again. */
const recognisedOps = (): readonly Composite[] => compositeNames().filter(isRecognised);

interface Place {
  readonly builder: Builder;
  readonly at: readonly Origin[];
  readonly patterns: Recogniser;
  readonly trace: (line: string) => void;
  readonly refusals: Set<string>;
}

function named(root: Node, place: Place): NodeId | undefined {
  const { builder, at, patterns, trace } = place;
  const where = commonScope(at) || 'the model';
  const refusals: string[] = [];
  const nearby = nearbyOf(root, builder);
  // What stands for the most steps comes first: a layer norm holds an rms norm of what was centred.
  const candidates = recognisedOps()
    .flatMap((name) => {
      const found = patterns.find(opOf(name), root, nearby, builder);
      return found ? [{ name, found }] : [];
    })
    .sort((a, b) => b.found.inside.length - a.found.inside.length);
  for (const { name, found } of candidates) {
    const from = [...at, ...found.inside.flatMap((id) => builder.originsOf(id))];
    const operands = found.variant.given?.(builder.emit(at), found.inputs) ?? found.inputs;
    const wrong = found.mismatch ?? scattered(found, place) ?? misfit(name, operands, root, found, builder);
    if (wrong === undefined) {
      trace(`${name} in ${where}`);
      return builder.op(name, operands, found.attrs, from);
    }
    refusals.push(`refused: ${name} in ${where}, since ${wrong}`);
  }
  for (const line of refusals) place.refusals.add(line);
  return undefined;
}

/** An op on widened values, narrowed again, where the op does both itself. */
function narrowed(
  { op, type }: Node,
  inputs: readonly NodeId[],
  builder: Builder,
  at: readonly Origin[],
): NodeId | undefined {
  const wide = builder.node(inputs[0]!);
  const name = isComposite(wide.op) && isRecognised(wide.op) ? wide.op : undefined;
  const widening = wide.inputs[0] === undefined ? undefined : builder.node(wide.inputs[0]);
  if (op !== 'cast' || !name || widening?.op !== 'cast' || wide.type.dtype !== 'float32') return undefined;
  const from = builder.originsOf(wide.id);
  if (!from.some((o) => at.some(({ scope }) => scope === o.scope))) return undefined;
  const operands = [widening.inputs[0]!, ...wide.inputs.slice(1)];
  const types = operands.map((id) => builder.node(id).type);
  if (types[0]!.dtype !== type.dtype || !widens(opOf(name), wide.attrs, types)) return undefined;
  return builder.op(name, operands, wide.attrs, [...at, ...from]);
}

/** An op belongs to one block, so its steps must lie in one; constants lie anywhere. */
function scattered({ inside }: Found, { builder, at }: Place): string | undefined {
  const scopes = new Set(at.map((o) => o.scope));
  for (const id of inside) {
    const { op } = builder.node(id);
    const from = builder.originsOf(id);
    if (op === 'scalar' || from.length === 0 || from.some((o) => scopes.has(o.scope))) continue;
    return `its ${op} is in ${commonScope(from) || 'the model'}`;
  }
  return undefined;
}

/** The op on what was found must have the type of what was written. */
function misfit(
  name: Composite,
  operands: readonly NodeId[],
  { type }: Node,
  { attrs }: Found,
  builder: Builder,
): string | undefined {
  const inferred = opOf(name).infer(
    operands.map((id) => builder.node(id).type),
    attrs,
  );
  if (typeof inferred === 'string') return inferred;
  return showType(inferred) === showType(type)
    ? undefined
    : `the op gives ${showType(inferred)}, not ${showType(type)}`;
}
