/** Values of a body that is run once for all experts, and how operands of several kinds are brought together. */

import { constant, type Dim, mentions, size } from '../../spec/dim.ts';
import { largest } from '../../spec/long_list.ts';
import { type Attrs, type Emit, words } from '../../spec/op.ts';
import type { Origin } from '../../spec/sink.ts';
import type { GraphValue } from '../graph/body_value.ts';
import type { Enclosing } from './enclosing.ts';

/** A value that is the same for all experts. */
interface Plain {
  readonly kind: 'plain';
  readonly node: GraphValue;
}

/** A value for each choice of each token: [B, T, K, s...] where the body sees [B, T, s...]. */
interface Each {
  readonly kind: 'each';
  readonly node: GraphValue;
  /** Its elements where the share of the expert is zero, if they are all one number. */
  readonly unchosen?: number | undefined;
}

/** A value for each expert: tensors of one type, or one [E, s...]. */
export type Stack = { readonly kind: 'stack'; readonly turned?: true } & (
  | { readonly parts: readonly GraphValue[] }
  /** `first`: the body sees [1, s...]. */
  | { readonly whole: GraphValue; readonly first?: true }
);

export type Lifted = Plain | Each | Stack;

/** Where ops are written, and what they came from. */
export interface Around {
  readonly enclosing: Enclosing;
  readonly origins: readonly Origin[];
}

export interface Site extends Around {
  /** int64 [B, T, K] */
  readonly choice: GraphValue;
}

/** What an op is on lifted operands; a text is why it cannot be said of all experts at once. */
export type Lift = (site: Site, inputs: readonly Lifted[], attrs: Attrs, op: string) => Lifted | string;

export const shapeOf = ({ enclosing }: Pick<Site, 'enclosing'>, value: GraphValue): readonly Dim[] =>
  enclosing.typeOf(value).shape;
export const make = (
  { enclosing, origins }: Around,
  op: string,
  inputs: readonly GraphValue[],
  attrs: Attrs = {},
): GraphValue => enclosing.op(op, inputs, attrs, origins);

const emitOn = (site: Around): Emit<GraphValue> => ({
  make: (op, inputs, attrs) => make(site, op, inputs, attrs as Attrs),
  typeOf: (value) => site.enclosing.typeOf(value),
});
export const wordsOn = (site: Around) => words(emitOn(site));
export const reshape = (site: Around, x: GraphValue, shape: readonly Dim[]): GraphValue =>
  wordsOn(site).reshape(x, shape);

export const anyNodeOf = (value: Lifted): GraphValue =>
  value.kind === 'stack' ? ('parts' in value ? value.parts[0]! : value.whole) : value.node;

/** The value of all experts, [E, s...], of which the body sees [s...]. */
export function wholeOf(site: Site, value: Stack): GraphValue {
  const node = 'parts' in value ? make(site, 'stack', value.parts) : value.whole;
  const shape = shapeOf(site, node);
  if ('first' in value && value.first) return reshape(site, node, [shape[0]!, size(1), ...shape.slice(1)]);
  return value.turned ? make(site, 'transpose', [node], { perm: [0, 2, 1] }) : node;
}

export const isRuntimeSize = (d: Dim): boolean => constant(d) === undefined;

/** The shape that the body sees. */
export function bodyShape(site: Pick<Site, 'enclosing'>, value: Lifted): readonly Dim[] {
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
  readonly nodes: readonly GraphValue[];
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
export function besideEach(site: Site, value: Lifted, rank: number): GraphValue | undefined {
  if (value.kind === 'each') return value.node;
  if (value.kind === 'stack') {
    const node = make(site, 'gather', [wholeOf(site, value), site.choice]);
    const shape = shapeOf(site, node);
    const beyond = shape.length - rank - 1; // axes that stand where those of tokens do
    if (beyond > 0) {
      if (shape.slice(3, 3 + beyond).some((d) => constant(d) !== 1)) return undefined;
      return reshape(site, node, shape.toSpliced(3, beyond));
    }
    const ones = Array<Dim>(-beyond).fill(size(1));
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

function besideStack(site: Site, value: Lifted, rank: number): GraphValue {
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
