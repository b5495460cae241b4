/** Values of a body that is run once for all experts, and how operands of several kinds are brought together. */

import { constant, type Dim, mentions, size } from '../../spec/dim.ts';
import { largest } from '../../spec/long_list.ts';
import { type Attrs, words } from '../../spec/op.ts';
import type { Origin } from '../../spec/sink.ts';
import type { Builder } from '../graph/builder.ts';
import type { NodeId } from '../graph/ir.ts';

/** A value that is the same for all experts. */
interface Plain {
  readonly kind: 'plain';
  readonly node: NodeId;
}

/** A value for each choice of each token: [B, T, K, s...] where the body sees [B, T, s...]. */
interface Each {
  readonly kind: 'each';
  readonly node: NodeId;
  /** Its elements where the share of the expert is zero, if they are all one number. */
  readonly unchosen?: number | undefined;
}

/** A value for each expert: tensors of one type, or one [E, s...]. */
export type Stack = { readonly kind: 'stack'; readonly turned?: true } & (
  | { readonly parts: readonly NodeId[] }
  /** `first`: the body sees [1, s...]. */
  | { readonly whole: NodeId; readonly first?: true }
);

export type Lifted = Plain | Each | Stack;

export interface Site {
  readonly builder: Builder;
  readonly origins: readonly Origin[];
  /** int64 [B, T, K] */
  readonly choice: NodeId;
}

/** What an op is on lifted operands; a text is why it cannot be said of all experts at once. */
export type Lift = (site: Site, inputs: readonly Lifted[], attrs: Attrs, op: string) => Lifted | string;

export const shapeOf = ({ builder }: Site, id: NodeId): readonly Dim[] => builder.node(id).type.shape;
export const make = (
  { builder, origins }: Site,
  op: string,
  inputs: readonly NodeId[],
  attrs: Attrs = {},
): NodeId => builder.op(op, inputs, attrs, origins);
export const reshape = (site: Site, x: NodeId, shape: readonly Dim[]): NodeId =>
  words(site.builder.emit(site.origins)).reshape(x, shape);

export const anyNodeOf = (value: Lifted): NodeId =>
  value.kind === 'stack' ? ('parts' in value ? value.parts[0]! : value.whole) : value.node;

/** The value of all experts, [E, s...], of which the body sees [s...]. */
export function wholeOf(site: Site, value: Stack): NodeId {
  const node = 'parts' in value ? make(site, 'stack', value.parts) : value.whole;
  const shape = shapeOf(site, node);
  if ('first' in value && value.first) return reshape(site, node, [shape[0]!, size(1), ...shape.slice(1)]);
  return value.turned ? make(site, 'transpose', [node], { perm: [0, 2, 1] }) : node;
}

export const isRuntimeSize = (d: Dim): boolean => constant(d) === undefined;

/** The shape that the body sees. */
export function bodyShape(site: Site, value: Lifted): readonly Dim[] {
  if (value.kind === 'plain') return shapeOf(site, value.node);
  if (value.kind === 'each') return shapeOf(site, value.node).toSpliced(2, 1);
  if ('whole' in value && value.first) return [size(1), ...shapeOf(site, value.whole).slice(1)];
  const shape = 'parts' in value ? shapeOf(site, value.parts[0]!) : shapeOf(site, value.whole).slice(1);
  return value.turned ? shape.toReversed() : shape;
}

export const hasTokens = (site: Site, value: Lifted): boolean =>
  value.kind === 'each' || (value.kind === 'plain' && shapeOf(site, value.node).some(isRuntimeSize));

const misplaced = 'an operand has tokens, but not where those of the mixture stand';

interface Aligned {
  readonly kind: 'stack' | 'each';
  readonly nodes: readonly NodeId[];
}

/** As operands beside values of `rank` axes: for each expert where no token is among them, else for each choice; or why not. */
export function aligned(
  site: Site,
  inputs: readonly Lifted[],
  rank: number,
  tokens = inputs.some((x) => hasTokens(site, x)),
): Aligned | string {
  const kind = tokens ? 'each' : 'stack';
  const nodes = inputs.map((x) => (kind === 'each' ? besideEach(site, x, rank) : besideStack(site, x, rank)));
  return nodes.every((x) => x !== undefined) ? { kind, nodes } : misplaced;
}

/** [B, T, 1 or K, s...]; what has no tokens and is the same for all stays as it is. */
export function besideEach(site: Site, value: Lifted, rank: number): NodeId | undefined {
  if (value.kind === 'each') return value.node;
  if (value.kind === 'stack') {
    const node = make(site, 'gather', [wholeOf(site, value), site.choice]);
    const shape = shapeOf(site, node);
    const ones = Array<Dim>(Math.max(0, rank + 1 - shape.length)).fill(size(1));
    return ones.length === 0 ? node : reshape(site, node, [...shape.slice(0, 3), ...ones, ...shape.slice(3)]);
  }
  const shape = shapeOf(site, value.node);
  if (!hasTokens(site, value)) return value.node;
  if (
    shape.length !== rank ||
    shape.length < 2 ||
    shape.slice(2).some(isRuntimeSize) ||
    mentions(shape[1]!, 'P')
  )
    return undefined;
  return reshape(site, value.node, shape.toSpliced(2, 0, size(1)));
}

function besideStack(site: Site, value: Lifted, rank: number): NodeId {
  if (value.kind !== 'stack') return anyNodeOf(value);
  const whole = wholeOf(site, value);
  const [experts, ...rest] = shapeOf(site, whole);
  const ones = Array<Dim>(rank - rest.length).fill(size(1));
  return ones.length === 0 ? whole : reshape(site, whole, [experts!, ...ones, ...rest]);
}

/** Operands with every axis, for ops that do not broadcast: [E, s...] all, or [B, T, K, s...] all. */
export function withEveryAxis(site: Site, inputs: readonly Lifted[]): Aligned | string {
  const shapes = inputs.map((x) => bodyShape(site, x));
  const found = aligned(site, inputs, largest(shapes.map((s) => s.length)));
  if (typeof found === 'string') return found;
  const { kind } = found;
  if (kind === 'each' && inputs.some((x, i) => shapes[i]!.length > 0 && !hasTokens(site, x)))
    return misplaced;
  const stack = inputs.find((x) => x.kind === 'stack');
  const lead =
    kind === 'each' ? shapeOf(site, site.choice) : shapeOf(site, wholeOf(site, stack!)).slice(0, 1);
  const nodes = found.nodes.map((node, i) => {
    if (shapes[i]!.length === 0 || inputs[i]!.kind === kind) return node;
    return make(site, 'broadcast', [node], {
      shape: [...lead, ...shapes[i]!.slice(kind === 'each' ? 2 : 0)],
    });
  });
  return { kind, nodes };
}
