/** Where one axis of a node's result lies in its inputs, for ops that keep its places apart from each other. */

import { constant, type Dim, equal, product, size } from '../../spec/dim.ts';
import type { Source } from '../../spec/op.ts';
import { type Composite, isComposite, opOf } from '../../spec/ops/index.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import type { Axes } from '../../spec/primitives/row.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { copy } from './builder.ts';
import type { Node, NodeId } from './ir.ts';
import { meaningOf, operand, unlikeSteps } from './meaning.ts';

type Type = TensorType<GraphDType>;

const whole = 'whole';

/** For each input; a text is why the op's places cannot be taken one by one. */
export type Sources = readonly Source[] | string;

export interface Typed extends Pick<Node, 'op' | 'attrs' | 'type'> {
  readonly types: readonly Type[];
}

export const typedBy = (node: Node, nodeOf: (id: NodeId) => Node): Typed => ({
  ...node,
  types: node.inputs.map((id) => nodeOf(id).type),
});

/** Right-aligned, as broadcasting does. */
function aligned(axis: number, result: Type, input: Type): Source {
  const at = axis - (result.shape.length - input.shape.length);
  const stretched = constant(input.shape[at] ?? result.shape[axis]!) === 1;
  return at < 0 || (stretched && constant(result.shape[axis]!) !== 1) ? whole : at;
}

type Rule = (axis: number, node: Typed) => Sources;

const mixed = 'it computes each place from others';

/** The input's axis with the same size and as many elements before it. */
const reshaped: Rule = (axis, { type, types: [x] }) => {
  const before = product(type.shape.slice(0, axis));
  const found = x!.shape.findIndex(
    (d: Dim, i) => equal(d, type.shape[axis]!) && equal(product(x!.shape.slice(0, i)), before),
  );
  return found < 0 ? 'it splits or joins the axis' : [found];
};

const multiplied: Rule = (axis, { type, types: [a, b] }) => {
  const rank = type.shape.length;
  if (axis === rank - 2) return [a!.shape.length - 2, whole];
  if (axis === rank - 1) return [whole, b!.shape.length - 1];
  return [aligned(axis, type, a!), aligned(axis, type, b!)];
};

const chosen: Rule = (axis, { type, types: [x, , ...weights], attrs }) => {
  if (axis < 2) return [axis, axis, ...weights.map((): Source => whole)];
  if (axis === 2) return [aligned(2, type, x!), 2, ...weights.map((): Source => whole)];
  return [whole, whole, ...weights.map((w) => w.shape.length - (attrs['transposed'] ? 2 : 1))];
};

const rules: Readonly<Record<Axes, Rule>> = {
  made: () => 'it is made for all places at once',
  each: (axis, { type, types }) => types.map((x) => aligned(axis, type, x)),
  last: (axis, { type, types }) => {
    if (axis < type.shape.length - 1) return types.map(() => axis);
    return types.length > 1 ? [whole, axis] : mixed;
  },
  along: (axis, { attrs, types }) =>
    axis === attrs['axis'] ? mixed : types.map(({ shape }) => (shape.length > 0 ? axis : whole)),
  // The caller vouches for the op, whose `perm` is a list of axes.
  moved: (axis, { attrs }) => [(attrs['perm'] as readonly number[])[axis]!],
  reshaped,
  stacked: (axis, { types }) =>
    axis === 0 ? 'each place is an operand of its own' : types.map(() => axis - 1),
  gathered: (axis, { types: [, ids] }) =>
    axis < ids!.shape.length ? [whole, axis] : [axis - ids!.shape.length + 1, whole],
  taken: (axis) => (axis === 0 ? [0, 0] : axis === 1 ? [whole, 1] : [axis, whole]),
  multiplied,
  chosen,
};

export function axisOfInputs(axis: number, node: Typed): Sources {
  if (isPrimitive(node.op)) return rules[primitives[node.op].axes](axis, node);
  if (isComposite(node.op)) return bySteps(axis, node);
  return node.types.length === 0 ? 'it is given whole' : 'it goes from token to token';
}

/** Of a composite as of its steps, if they come to the op again on operands of one place. */
function bySteps(axis: number, { op: name, types, attrs }: Typed): Sources {
  const op = opOf(name as Composite); // a composite, as the caller has seen
  const said = op.sources?.(axis, types, attrs);
  if (said) return said;
  const meaning = meaningOf(op, types, attrs);
  if (typeof meaning === 'string') return meaning;
  const { builder, operands, result } = meaning;
  const wanted = new Map<NodeId, Source>([[result, axis]]);
  for (let id = result; id >= operands.length; id--) {
    const from = sourcesIn(builder.node(id), wanted.get(id), builder.node);
    if (typeof from === 'string') return `its ${builder.node(id).op}: ${from}`;
    for (const [i, input] of builder.node(id).inputs.entries()) {
      if (from[i] === undefined) continue;
      if ((wanted.get(input) ?? from[i]) !== from[i]) return 'it needs all places beside the one';
      wanted.set(input, from[i]);
    }
  }
  const sources = operands.map((id): Source => wanted.get(id) ?? whole);
  const one = operands.map((id, i) => {
    const [at, { dtype, shape }] = [sources[i]!, types[i]!];
    return at === whole ? id : operand(builder, `one ${i}`, { dtype, shape: shape.with(at, size(1)) });
  });
  const unlike = unlikeSteps(op, attrs, meaning, one, (step, inputs) => {
    const at = wanted.get(step.id);
    return at === undefined || at === whole ? step.id : copy(builder, onePlace(step, at), inputs, []);
  });
  return unlike ?? sources;
}

const sourcesIn = (node: Node, at: Source | undefined, nodeOf: (id: NodeId) => Node): Sources => {
  if (at === undefined) return [];
  return at === whole ? node.inputs.map(() => whole) : axisOfInputs(at, typedBy(node, nodeOf));
};

/** The node when its result has only one place left along the axis. */
export function onePlace(node: Node, axis: number): Node {
  if (node.op !== 'reshape' && node.op !== 'broadcast') return node;
  // Both have a shape, which is a list of sizes.
  const shape = (node.attrs['shape'] as readonly Dim[]).with(axis, size(1));
  return { ...node, attrs: { ...node.attrs, shape } };
}
