/** What an op on values of one expert is on those of all of them. */

import { constant, type Dim, mentions, size } from '../../spec/dim.ts';
import { largest } from '../../spec/long_list.ts';
import { type Attrs, words } from '../../spec/op.ts';
import { elementwise } from '../../spec/primitives/elementwise.ts';
import type { Origin } from '../../spec/sink.ts';
import type { Builder } from '../graph/builder.ts';
import type { NodeId } from '../graph/ir.ts';

/** The same for all experts. */
interface Plain {
  readonly kind: 'plain';
  readonly node: NodeId;
}

/** Of each choice of each token: [B, T, K, s...], for [B, T, s...] or for [s...] of the chosen expert. */
interface Each {
  readonly kind: 'each';
  readonly node: NodeId;
  /** Its tokens are left out of the type that the body sees. */
  readonly bare?: true;
  /** Zero wherever the share of the expert is. */
  readonly share?: boolean;
}

/** Of each expert: tensors of one type, or one [E, s...]. */
type Stack = { readonly kind: 'stack'; readonly turned?: true } & (
  | { readonly parts: readonly NodeId[] }
  /** `first`: the body sees [1, s...]. */
  | { readonly whole: NodeId; readonly first?: true }
);

export type Lifted = Plain | Each | Stack;

interface Site {
  readonly builder: Builder;
  readonly origins: readonly Origin[];
  /** int64 [B, T, K] */
  readonly choice: NodeId;
}

type Lift = (site: Site, inputs: readonly Lifted[], attrs: Attrs, op: string) => Lifted | undefined;

const shapeOf = ({ builder }: Site, id: NodeId): readonly Dim[] => builder.node(id).type.shape;
const make = ({ builder, origins }: Site, op: string, inputs: readonly NodeId[], attrs: Attrs): NodeId =>
  builder.op(op, inputs, attrs, origins);
const reshape = (site: Site, x: NodeId, shape: readonly Dim[]): NodeId =>
  words(site.builder.emit(site.origins)).reshape(x, shape);

/** [E, s...] of what the body sees as [s...]. */
function wholeOf(site: Site, value: Stack): NodeId {
  const node = 'parts' in value ? make(site, 'stack', value.parts, {}) : value.whole;
  const shape = shapeOf(site, node);
  if ('first' in value && value.first) return reshape(site, node, [shape[0]!, size(1), ...shape.slice(1)]);
  return value.turned ? make(site, 'transpose', [node], { perm: [0, 2, 1] }) : node;
}

const running = (d: Dim): boolean => constant(d) === undefined;
const hasTokens = (shape: readonly Dim[]): boolean => shape.some(running);

/** How many axes the body sees. */
function rankOf(site: Site, value: Lifted): number {
  if (value.kind === 'plain') return shapeOf(site, value.node).length;
  if (value.kind === 'each') return shapeOf(site, value.node).length - (value.bare ? 3 : 1);
  const { length } = shapeOf(site, 'parts' in value ? value.parts[0]! : value.whole);
  return 'parts' in value ? length : value.first ? length : length - 1;
}

/** As an operand beside values of `rank` axes for each choice; undefined where it has tokens, but not where they stand. */
function besideEach(site: Site, value: Lifted, rank: number): NodeId | undefined {
  if (value.kind === 'plain') {
    const shape = shapeOf(site, value.node);
    if (!hasTokens(shape)) return value.node;
    if (shape.length !== rank || shape.length < 2 || shape.slice(2).some(running) || mentions(shape[1]!, 'P'))
      return undefined;
    return reshape(site, value.node, shape.toSpliced(2, 0, size(1)));
  }
  const bare = value.kind === 'stack' || value.bare;
  const node =
    value.kind === 'stack' ? make(site, 'gather', [wholeOf(site, value), site.choice], {}) : value.node;
  const shape = shapeOf(site, node);
  if (!bare || shape.length >= rank + 1) return node;
  const ones = Array<Dim>(rank + 1 - shape.length).fill(size(1));
  return reshape(site, node, [...shape.slice(0, 3), ...ones, ...shape.slice(3)]);
}

/** Weights that no token has touched stay one for each expert. */
function onStacks(site: Site, op: string, inputs: readonly Lifted[], attrs: Attrs): Lifted | undefined {
  const ranks = inputs.map((x) => rankOf(site, x));
  const rank = largest(ranks);
  const operands = inputs.map((x, i) => {
    if (x.kind !== 'stack')
      return x.kind === 'plain' && !hasTokens(shapeOf(site, x.node)) ? x.node : undefined;
    const whole = wholeOf(site, x);
    const [experts, ...rest] = shapeOf(site, whole);
    const ones = Array<Dim>(rank - ranks[i]!).fill(size(1));
    return ones.length === 0 ? whole : reshape(site, whole, [experts!, ...ones, ...rest]);
  });
  if (!operands.every((x) => x !== undefined)) return undefined;
  return { kind: 'stack', whole: make(site, op, operands, attrs) };
}

const pointwise: Lift = (site, inputs, attrs, op) => {
  if (inputs.every((x) => x.kind !== 'each')) {
    const stacked = onStacks(site, op, inputs, attrs);
    if (stacked) return stacked;
  }
  const rank = largest(inputs.map((x) => rankOf(site, x)));
  const operands = inputs.map((x) => besideEach(site, x, rank));
  if (!operands.every((x) => x !== undefined)) return undefined;
  const bare = inputs.every((x) =>
    x.kind === 'each' ? x.bare : x.kind === 'stack' || !hasTokens(shapeOf(site, x.node)),
  );
  return {
    kind: 'each',
    node: make(site, op, operands, attrs),
    share: vanishes(op, inputs),
    ...(bare ? { bare } : {}),
  };
};

const isShare = (x: Lifted | undefined): boolean => x?.kind === 'each' && x.share === true;

/** Whether a result is zero wherever the share is. */
function vanishes(op: string, [a, b]: readonly Lifted[]): boolean {
  if (op === 'mul') return isShare(a) || isShare(b);
  return (op === 'div' || op === 'cast' || op === 'neg') && isShare(a);
}

/** An axis of what the body sees, in the result of `each` and `stack`. */
function axisIn(x: Lifted, axis: number): number | undefined {
  if (x.kind === 'stack') return axis + 1;
  if (x.kind === 'each' && x.bare) return axis + 3;
  return axis < 2 ? undefined : axis + 1;
}

const alongAxis: Lift = (site, [x], attrs, op) => {
  const axis = axisIn(x!, Number(attrs['axis']));
  return axis === undefined ? undefined : same(site, x!, op, { ...attrs, axis });
};

/** The op on the one value, of the kind that the value is. */
function same(site: Site, x: Lifted, op: string, attrs: Attrs): Lifted | undefined {
  if (x.kind === 'stack') return { kind: 'stack', whole: make(site, op, [wholeOf(site, x)], attrs) };
  return x.kind === 'each' ? { ...x, share: false, node: make(site, op, [x.node], attrs) } : undefined;
}

const onLastAxis: Lift = (site, [x, ...more], attrs, op) =>
  more.length > 0 ? undefined : same(site, x!, op, attrs);

const transposed: Lift = (site, [x], attrs) => {
  const perm = attrs['perm'] as readonly number[]; // what the op has
  if (x!.kind === 'stack') {
    if (perm.length === 2 && perm[0] === 1 && !('first' in x! && x!.first)) {
      const { turned, ...straight } = x!;
      return turned ? straight : { ...straight, turned: true };
    }
    return same(site, x!, 'transpose', { perm: [0, ...perm.map((p) => p + 1)] });
  }
  if (x!.kind !== 'each' || x!.bare || perm[0] !== 0 || perm[1] !== 1) return undefined;
  return same(site, x!, 'transpose', { perm: [0, 1, 2, ...perm.slice(2).map((p) => p + 1)] });
};

const reshaped: Lift = (site, [x], attrs) => {
  const shape = attrs['shape'] as readonly Dim[]; // what the op has
  if (x!.kind === 'stack') {
    if ('first' in x! && x!.first) {
      const rest = shapeOf(site, x!.whole).slice(1);
      if (rest.length === shape.length && rest.every((d, i) => constant(d) === constant(shape[i]!)))
        return { kind: 'stack', whole: x!.whole };
    }
    const whole = wholeOf(site, x!);
    return { kind: 'stack', whole: reshape(site, whole, [shapeOf(site, whole)[0]!, ...shape]) };
  }
  if (x!.kind !== 'each' || x!.bare || !running(shape[0]!) || !shape[1] || !running(shape[1]))
    return undefined;
  const lead = shapeOf(site, x!.node).slice(0, 3);
  return { ...x!, share: false, node: reshape(site, x!.node, [...lead, ...shape.slice(2)]) };
};

/** `linear` has its matrix as rows of outputs. */
const multiplied: Lift = (site, [a, b], attrs, op) => {
  const x = a!.kind === 'each' && a!.bare ? undefined : a!;
  if (!x || x.kind === 'stack') return undefined;
  if (b!.kind === 'plain' && x.kind === 'each' && shapeOf(site, b!.node).length === 2)
    return { kind: 'each', node: make(site, op, [x.node, b!.node], attrs) };
  if (b!.kind !== 'stack' || rankOf(site, b!) !== 2 || rankOf(site, x) !== 3) return undefined;
  const rows = besideEach(site, x, 3);
  if (rows === undefined || shapeOf(site, rows).length !== 4) return undefined;
  const { turned = false, ...straight } = b!;
  const weights = 'parts' in straight ? straight.parts : [wholeOf(site, straight)];
  const transposed = turned !== (op === 'linear');
  return { kind: 'each', node: make(site, 'expert_matmul', [rows, site.choice, ...weights], { transposed }) };
};

const joined: Lift = (site, inputs, attrs) => {
  const axis = Number(attrs['axis']);
  if (axis < 2 || inputs.some((x) => x.kind !== 'each' || x.bare)) return undefined;
  const nodes = inputs.flatMap((x) => (x.kind === 'each' ? x.node : []));
  return { kind: 'each', node: make(site, 'concat', nodes, { axis: axis + 1 }) };
};

const lifts: Readonly<Record<string, Lift>> = {
  ...Object.fromEntries(Object.keys(elementwise).map((op) => [op, pointwise])),
  ...{ silu: pointwise, gelu: pointwise, gelu_tanh: pointwise },
  ...{ softmax: onLastAxis, rms_norm: onLastAxis, layer_norm: onLastAxis, is_top: onLastAxis },
  ...{ reduce_sum: alongAxis, reduce_mean: alongAxis, reduce_max: alongAxis, reduce_min: alongAxis },
  ...{
    slice: alongAxis,
    transpose: transposed,
    reshape: reshaped,
    matmul: multiplied,
    linear: multiplied,
    concat: joined,
  },
};

/** Undefined for what cannot be said of all at once. */
export const liftOf = (op: string, site: Site, inputs: readonly Lifted[], attrs: Attrs): Lifted | undefined =>
  lifts[op]?.(site, inputs, attrs, op);
