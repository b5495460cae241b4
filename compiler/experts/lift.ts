/** What an op on values of one expert is on those of all of them. */

import { constant, type Dim, equal, mul, size } from '../../spec/dim.ts';
import { largest } from '../../spec/long_list.ts';
import { isComposite } from '../../spec/ops/index.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import type { Axes, Settles } from '../../spec/primitives/row.ts';
import type { GraphValue } from '../graph/body_value.ts';
import { liftComposite } from './lift_composite.ts';
import {
  aligned,
  anyNodeOf,
  besideEach,
  bodyShape,
  hasTokens,
  isRuntimeSize,
  type Lift,
  type Lifted,
  make,
  reshape,
  type Site,
  type Stack,
  shapeOf,
  wholeOf,
  withEveryAxis,
  wordsOn,
} from './lifted.ts';

const mixing = 'it computes tokens from each other';

const of = (kind: 'each' | 'stack', node: GraphValue): Lifted =>
  kind === 'each' ? { kind, node } : { kind, whole: node };

/** A shape that the body asks for, with the axis of the choices or the experts. */
function wider(site: Site, shape: readonly Dim[], kind: 'each' | 'stack', like: GraphValue): readonly Dim[] {
  const lead = shapeOf(site, like).slice(0, kind === 'each' ? 3 : 1);
  return [...lead, ...shape.slice(kind === 'each' ? 2 : 0)];
}

const sameTokens = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  [0, 1].every((i) => a[i] && b[i] && equal(a[i], b[i]));

const pointwise: Lift = (site, inputs, attrs, op) => {
  const shape = attrs['shape'] as readonly Dim[] | undefined; // of a broadcast
  const rank = largest([...inputs.map((x) => bodyShape(site, x).length), shape?.length ?? 0]);
  const found = aligned(site, inputs, rank, shape?.some(isRuntimeSize));
  if (typeof found === 'string') return found;
  const [like] = found.nodes;
  const wide = shape && { ...attrs, shape: wider(site, shape, found.kind, like!) };
  return of(found.kind, make(site, op, found.nodes, wide ?? attrs));
};

const onLastAxis: Lift = (site, inputs, attrs, op) => {
  const found = withEveryAxis(site, inputs);
  if (typeof found === 'string') return found;
  if (found.kind === 'each' && bodyShape(site, inputs[0]!).length < 3) return mixing;
  return of(found.kind, make(site, op, found.nodes, attrs));
};

const alongAxis: Lift = (site, inputs, attrs, op) => {
  const found = withEveryAxis(site, inputs);
  if (typeof found === 'string') return found;
  const axis = Number(attrs['axis']);
  if (found.kind === 'each' && axis < 2) return mixing;
  return of(found.kind, make(site, op, found.nodes, { ...attrs, axis: axis + 1 }));
};

const moved: Lift = (site, [x], attrs) => {
  const perm = attrs['perm'] as readonly number[]; // what the op has
  if (x!.kind === 'stack') {
    if (perm.length === 2 && perm[0] === 1 && !('first' in x! && x!.first)) {
      const { turned, ...straight } = x!;
      return turned ? straight : { ...straight, turned: true };
    }
    const whole = make(site, 'transpose', [wholeOf(site, x!)], { perm: [0, ...perm.map((p) => p + 1)] });
    return { kind: 'stack', whole };
  }
  if (perm[0] !== 0 || perm[1] !== 1) return 'it moves the axes of tokens';
  const nodes = [x!.node];
  return of('each', make(site, 'transpose', nodes, { perm: [0, 1, 2, ...perm.slice(2).map((p) => p + 1)] }));
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
    return { kind: 'stack', whole: reshape(site, whole, wider(site, shape, 'stack', whole)) };
  }
  if (!sameTokens(shape, bodyShape(site, x!))) return 'it splits or joins the axes of tokens';
  return of('each', reshape(site, x!.node, wider(site, shape, 'each', x!.node)));
};

const stacked: Lift = (site, inputs) => {
  const all = partsOfAll(inputs);
  if (all) {
    const whole = make(site, 'stack', all);
    const [, ...shape] = shapeOf(site, whole);
    const experts = size(all.length / inputs.length);
    return { kind: 'stack', whole: reshape(site, whole, [experts, size(inputs.length), ...shape]) };
  }
  const found = withEveryAxis(site, inputs);
  if (typeof found === 'string') return found;
  if (found.kind === 'each') return 'it puts an axis before those of tokens';
  const parts = found.nodes.map((node) => {
    const [experts, ...rest] = shapeOf(site, node);
    return reshape(site, node, [experts!, size(1), ...rest]);
  });
  return { kind: 'stack', whole: make(site, 'concat', parts, { axis: 1 }) };
};

const gathered: Lift = (site, [table, ids], attrs, op) => {
  if (hasTokens(site, table!)) return 'it looks up what differs from token to token';
  if (table!.kind === 'stack') return fromTables(site, table!, ids!);
  const found = aligned(site, [ids!], bodyShape(site, ids!).length);
  if (typeof found === 'string') return found;
  return of(found.kind, make(site, op, [table!.node, ...found.nodes], attrs));
};

/**
 * Rows of the tables of all experts, which lie one after the other. An id that is no row of one table must not find a row of
 * the next, so it is made one that none of them has.
 */
function fromTables(site: Site, table: Stack, ids: Lifted): Lifted | string {
  const rank = bodyShape(site, ids).length;
  const found = aligned(site, [ids], rank);
  if (typeof found === 'string') return found;
  const whole = wholeOf(site, table);
  const [experts, rows, ...rest] = shapeOf(site, whole) as [Dim, Dim, ...Dim[]]; // a table has rows
  const [count, n] = [constant(experts), constant(rows)];
  if (count === undefined || n === undefined) return 'its table has rows that are counted only when running';
  const w = wordsOn(site);
  const number = (value: number): GraphValue => make(site, 'scalar', [], { value, dtype: 'int64' });
  const [id] = found.nodes as [GraphValue];
  const lead = found.kind === 'each' ? [...shapeOf(site, site.choice)] : [experts];
  const ones = Array<Dim>(rank - (lead.length - 1)).fill(size(1));
  const which = found.kind === 'each' ? site.choice : make(site, 'iota', [], { size: experts });
  const first = w.mul(reshape(site, which, [...lead, ...ones]), number(n));
  const isRow = w.and(w.le(number(0), id), w.lt(id, number(n)));
  const row = w.where(isRow, w.add(first, id), number(count * n));
  return of(found.kind, make(site, 'gather', [reshape(site, whole, [mul(experts, rows), ...rest]), row]));
}

const multiplied: Lift = (site, [a, b], attrs, op) => {
  const [rank, other] = [bodyShape(site, a!).length, bodyShape(site, b!).length];
  if (hasTokens(site, a!) && b!.kind === 'stack' && other === 2) return byExpert(site, a!, b!);
  // Tokens may be rows of the first operand, or axes before the matrices of either.
  const apart = rank >= 4 && (other === 2 || other <= rank - 2 || hasTokens(site, b!));
  const fits = hasTokens(site, b!)
    ? other >= 4 && (apart || !hasTokens(site, a!))
    : apart || (rank === 3 && other === 2) || !hasTokens(site, a!);
  const found = aligned(site, [a!, b!], Math.max(rank, other));
  if (typeof found === 'string' || !fits) return typeof found === 'string' ? found : mixing;
  return of(found.kind, make(site, op, found.nodes, attrs));
};

/** Rows of tokens times the matrix of the expert that is theirs; several rows of one token choose alike. */
function byExpert(site: Site, x: Lifted, { turned, ...straight }: Stack): Lifted | string {
  const body = bodyShape(site, x);
  const rows = besideEach(site, x, body.length);
  if (rows === undefined || body.length < 3) return mixing;
  const weights = 'parts' in straight ? straight.parts : [wholeOf(site, straight)];
  const product = (of: GraphValue, choice: GraphValue): GraphValue =>
    make(site, 'expert_matmul', [of, choice, ...weights], { transposed: turned === true });
  if (body.length === 3) return { kind: 'each', node: product(rows, site.choice) };
  const [b, t, k] = shapeOf(site, site.choice) as [Dim, Dim, Dim];
  const inner = body.slice(2, -1);
  const n = inner.reduce(mul, size(1));
  const column = reshape(site, site.choice, [b, t, k, size(1)]);
  const wide = intoChoices(site, rows, inner, body.slice(-1));
  const result = product(wide, intoChoices(site, column, [n]));
  return { kind: 'each', node: reshape(site, result, [b, t, k, ...inner, shapeOf(site, result)[3]!]) };
}

/** [B, T, K, axes..., rest...], or what broadcasts to it, as [B, T, K times the axes, rest...]: more choices of each token. */
function intoChoices(
  site: Site,
  value: GraphValue,
  axes: readonly Dim[],
  rest: readonly Dim[] = [],
): GraphValue {
  const [b, t, k] = shapeOf(site, site.choice) as [Dim, Dim, Dim];
  const wide = make(site, 'broadcast', [value], { shape: [b, t, k, ...axes, ...rest] });
  return reshape(site, wide, [b, t, axes.reduce(mul, k), ...rest]);
}

/** The parts of stacks, those of one expert side by side; where they are no parts, or turned, undefined. */
function partsOfAll(inputs: readonly Lifted[]): readonly GraphValue[] | undefined {
  const lists = inputs.map((x) => (x.kind === 'stack' && 'parts' in x && !x.turned ? x.parts : undefined));
  if (!lists.every((parts) => parts !== undefined)) return undefined;
  return lists[0]?.flatMap((_, expert) => lists.map((parts) => parts[expert]!));
}

/**
 * The product of a mixture that an expert is itself: J choices for each of a token's K, among the matrices that all experts have,
 * or among those of the E experts, which lie one after the other.
 */
const chosen: Lift = (site, [x, choice, ...weights], attrs, op) => {
  const [rows, inner] = [besideEach(site, x!, 4), besideEach(site, choice!, 3)];
  const matrices = matricesOf(site, weights);
  if (rows === undefined || inner === undefined || typeof matrices === 'string') return mixing;
  const [b, t, k] = shapeOf(site, site.choice) as [Dim, Dim, Dim];
  const j = shapeOf(site, inner)[3]!;
  const [, , each, places, width] = shapeOf(site, rows) as [Dim, Dim, Dim, Dim, Dim];
  const isOneRow = constant(each) === 1 && constant(places) === 1;
  const row = isOneRow ? reshape(site, rows, [b, t, size(1), width]) : intoChoices(site, rows, [j], [width]);
  const which = matrices.perExpert === 0 ? inner : placeAmong(site, matrices.perExpert, inner);
  const result = make(site, op, [row, intoChoices(site, which, [j]), ...matrices.all], attrs);
  return { kind: 'each', node: reshape(site, result, [b, t, k, j, shapeOf(site, result)[3]!]) };
};

/** [B, T, K, J]: places among the entries of all experts, each of which has so many. */
function placeAmong(site: Site, perExpert: number, inner: GraphValue): GraphValue {
  const w = wordsOn(site);
  const entries = make(site, 'scalar', [], { value: perExpert, dtype: 'int64' });
  return w.add(w.mul(reshape(site, site.choice, [...shapeOf(site, site.choice), size(1)]), entries), inner);
}

interface Matrices {
  readonly all: readonly GraphValue[];
  /** How many each expert has of its own; 0 where all experts have the same. */
  readonly perExpert: number;
}

function matricesOf(site: Site, weights: readonly Lifted[]): Matrices | string {
  if (weights.every((x) => x.kind === 'plain')) return { all: weights.map(anyNodeOf), perExpert: 0 };
  const parts = partsOfAll(weights);
  if (parts && bodyShape(site, weights[0]!).length === 2) return { all: parts, perExpert: weights.length };
  const [first, ...more] = weights as [Lifted, ...Lifted[]]; // not all are plain
  const joined = more.length === 0 ? first : stacked(site, weights, {}, 'stack');
  if (typeof joined === 'string' || joined.kind !== 'stack') return mixing;
  const whole = wholeOf(site, joined);
  const [experts, each, ...matrix] = shapeOf(site, whole) as [Dim, Dim, ...Dim[]]; // [E, J, m, n]
  return { all: [reshape(site, whole, [mul(experts, each), ...matrix])], perExpert: Number(constant(each)) };
}

const always =
  (why: string): Lift =>
  () =>
    why;

const lifts: Readonly<Record<Axes, Lift>> = {
  made: always('it has no operands'),
  each: pointwise,
  last: onLastAxis,
  along: alongAxis,
  moved,
  reshaped,
  stacked,
  gathered,
  taken: always(mixing),
  multiplied,
  chosen,
};

/** The op on all at once, or why that cannot be. */
export const liftOf: Lift = (site, inputs, attrs, op) => {
  if (inputs.every(({ kind }) => kind === 'plain'))
    return { kind: 'plain', node: make(site, op, inputs.map(anyNodeOf), attrs) };
  if (isComposite(op)) return liftComposite(liftOf, site, inputs, attrs, op);
  if (!isPrimitive(op)) return 'it goes from token to token';
  const result = lifts[primitives[op].axes](site, inputs, attrs, op);
  if (typeof result === 'string' || result.kind !== 'each') return result;
  const settles = primitives[op].settles as Settles<unknown>; // `attrs` are the op's own
  return {
    ...result,
    unchosen: settles(
      inputs.map((x) => unchosen(site, x)),
      attrs,
    ),
  };
};

/** What the value is wherever the share of its expert is zero. */
export function unchosen({ enclosing }: Site, value: Lifted): number | undefined {
  if (value.kind === 'each') return value.unchosen;
  if (value.kind === 'stack') return undefined;
  const scalar = enclosing.scalar(value.node);
  return scalar && Number(scalar['value']);
}
