/** Finds an op that was written out in primitives: its `decompose`, run on a graph of its own, is the pattern. */

import { Bug } from '../../spec/diagnostic.ts';
import { constant } from '../../spec/dim.ts';
import type { Attrs, Meaning, Nearby, Op, Variant } from '../../spec/op.ts';
import { roundTo } from '../../spec/round.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { attrText } from './attr_text.ts';
import { type Builder, newBuilder } from './builder.ts';
import type { Node, NodeId } from './ir.ts';

type Type = TensorType<GraphDType>;

/** An op as it was found: on these values, through these nodes. */
export interface Found {
  readonly inputs: readonly NodeId[];
  readonly attrs: Attrs;
  readonly variant: Variant<Attrs>;
  /** Nodes that the op stands for, the root not among them. */
  readonly inside: readonly NodeId[];
  /** The one attribute by which the graph is not what the op means; then it is no match. */
  readonly miss?: string;
}

interface Pattern {
  readonly builder: Builder;
  readonly root: NodeId;
  readonly inputs: readonly NodeId[];
  /** Ops of the steps that it has on any types. */
  readonly ops: ReadonlySet<string>;
}

export interface Around extends Nearby {
  readonly ops: ReadonlySet<string>;
}

export interface Recogniser {
  /** The op at `root`, a node about to be made in `graph` with `nearby` before it; of near misses the first. */
  find(op: Op, root: Node, nearby: Around, graph: Builder): Found | undefined;
}

/** Patterns are made once for each op, spelling, set of attributes and types of inputs. */
export function recogniser(): Recogniser {
  const patterns = new Map<string, Pattern | undefined>();
  const needs = new Map<string, ReadonlySet<string>>();
  const patternOf = (spelling: string, means: Meaning<Attrs>, attrs: Attrs, inputs: readonly Type[]) => {
    const key = `${spelling} ${attrText(attrs)} ${inputs.map(typeKey).join(' ')}`;
    if (!patterns.has(key)) patterns.set(key, makePattern(means, attrs, inputs));
    const pattern = patterns.get(key);
    if (pattern && !needs.has(spelling)) needs.set(spelling, pattern.ops);
    return pattern;
  };
  return {
    find(op, root, nearby, graph) {
      const { recognise, decompose } = op;
      if (!recognise) return undefined;
      const own: Variant<Attrs> = { means: (e, inputs, attrs) => decompose(e, inputs, attrs) };
      let near: Found | undefined;
      for (const [which, variant] of [own, ...(recognise.variants ?? [])].entries()) {
        const spelling = `${op.name} ${which}`;
        if (!holds(nearby.ops, needs.get(spelling))) continue;
        for (const inputs of recognise.inputs?.(root.type, nearby) ?? [[root.type]]) {
          for (const attrs of recognise.attrs(nearby)) {
            const pattern = patternOf(spelling, variant.means, attrs, inputs);
            const found = pattern && match(pattern, root, graph);
            if (!found) continue;
            if (found.miss === undefined) return { ...found, attrs, variant };
            near ??= { ...found, attrs, variant };
          }
        }
      }
      return near;
    },
  };
}

const typeKey = ({ dtype, shape }: Type): string => `${dtype}${shape.map((d) => d.key).join(',')}`;

const holds = (there: ReadonlySet<string>, needed: ReadonlySet<string> | undefined): boolean =>
  !needed || [...needed].every((op) => there.has(op));

/** Steps that a spelling has on some types only, and leaves. */
const optional: ReadonlySet<string> = new Set(['input', 'cast', 'concat', 'slice', 'reshape']);

/** None where the op has no meaning on inputs of these types. */
function makePattern(means: Meaning<Attrs>, attrs: Attrs, types: readonly Type[]): Pattern | undefined {
  const builder = newBuilder();
  const inputs = types.map((type, i) => builder.leaf('input', [], { name: String(i) }, type, []));
  try {
    const root = means(builder.emit([]), inputs, attrs);
    const ops = new Set<string>();
    for (let id = 0; id <= root; id++) {
      const { op } = builder.node(id);
      if (!optional.has(op)) ops.add(op);
    }
    return { builder, inputs, root, ops };
  } catch (cause) {
    if (cause instanceof Bug) return undefined;
    throw cause;
  }
}

/** Nodes looked at for numbers and widths; the longest form of an op has 15. */
const farthest = 48;

export function nearbyOf(root: Node, graph: Builder): Around {
  const numbers = new Set<number>();
  const widths = new Set<number>();
  const ops = new Set([root.op]);
  const seen = new Set(root.inputs);
  for (const id of seen) {
    const { op, attrs, inputs, type } = graph.node(id);
    ops.add(op);
    const last = type.shape.at(-1);
    const width = last && constant(last);
    if (op === 'scalar') numbers.add(Number(attrs['value']));
    else if (width !== undefined) widths.add(width);
    if (seen.size < farthest && op !== 'linear' && op !== 'matmul') for (const i of inputs) seen.add(i);
  }
  return { numbers: [...numbers], widths: [...widths], ops };
}

/** True when the op widens to float32 itself: on x it means what it means on a widened x, narrowed again. */
export function widens(op: Op, attrs: Attrs, types: readonly Type[]): boolean {
  const [x, ...others] = types;
  const builder = newBuilder();
  const e = builder.emit([]);
  const leaves = [x!, ...others].map((type, i) => builder.leaf('input', [], { name: String(i) }, type, []));
  const wide = e.make('cast', [leaves[0]!], { dtype: 'float32' });
  const narrowed = e.make('cast', [op.decompose(e, [wide, ...leaves.slice(1)], attrs)], { dtype: x!.dtype });
  return op.decompose(e, leaves, attrs) === narrowed;
}

type Goal = readonly [pattern: NodeId, value: NodeId];
interface State {
  /** Value by node of the pattern. */
  readonly bound: ReadonlyMap<NodeId, NodeId>;
  readonly miss?: string;
}

const commutative: ReadonlySet<string> = new Set(['add', 'mul', 'min', 'max', 'eq', 'and', 'or']);

function match(
  { builder, root, inputs }: Pattern,
  at: Node,
  graph: Builder,
): Omit<Found, 'attrs' | 'variant'> | undefined {
  const start = step(builder.node(root), at, undefined);
  const found = start && solveAny(start.ways, { builder, graph }, withMiss(new Map(), start.miss));
  if (!found) return undefined;
  const given = inputs.map((i) => found.bound.get(i));
  if (given.some((i) => i === undefined)) return undefined;
  const inside = [...found.bound].filter(([p]) => !inputs.includes(p)).map(([, id]) => id);
  return {
    inputs: given.filter((i) => i !== undefined),
    inside,
    ...(found.miss === undefined ? {} : { miss: found.miss }),
  };
}

const withMiss = (bound: State['bound'], miss: string | undefined): State => ({
  bound,
  ...(miss === undefined ? {} : { miss }),
});

interface Both {
  readonly builder: Builder;
  readonly graph: Builder;
}

const solveAny = (ways: readonly (readonly Goal[])[], both: Both, state: State): State | undefined => {
  let near: State | undefined;
  for (const goals of ways) {
    const found = solve(goals, both, state);
    if (found && found.miss === undefined) return found;
    near ??= found;
  }
  return near;
};

/** All goals at once, operands of a sum or product in either order; without a miss where that can be. */
function solve(goals: readonly Goal[], both: Both, state: State): State | undefined {
  const [goal, ...rest] = goals;
  if (!goal) return state;
  const [pattern, value] = goal;
  const known = state.bound.get(pattern);
  if (known !== undefined) return known === value ? solve(rest, both, state) : undefined;
  const bound = new Map([...state.bound, [pattern, value]]);
  const wanted = both.builder.node(pattern);
  const there = both.graph.node(value);
  if (wanted.op === 'input') {
    return wanted.type.dtype === there.type.dtype
      ? solve(rest, both, withMiss(bound, state.miss))
      : undefined;
  }
  const next = step(wanted, there, state.miss);
  if (!next) return undefined;
  const ways = next.ways.map((more) => [...more, ...rest]);
  return solveAny(ways, both, withMiss(bound, next.miss));
}

/** What must hold of the operands for a node to be one of the pattern; one attribute in all may be another. */
function step(
  wanted: Node,
  there: Node,
  missed: string | undefined,
): { readonly ways: readonly (readonly Goal[])[]; readonly miss?: string } | undefined {
  if (wanted.op !== there.op || wanted.inputs.length !== there.inputs.length) return undefined;
  const differs = difference(wanted, there);
  if (differs !== undefined && missed !== undefined) return undefined;
  const pairs = wanted.inputs.map((p, i): Goal => [p, there.inputs[i]!]);
  const ways = [pairs];
  if (commutative.has(wanted.op)) {
    ways.push([
      [wanted.inputs[0]!, there.inputs[1]!],
      [wanted.inputs[1]!, there.inputs[0]!],
    ]);
  }
  const miss = missed ?? differs;
  return { ways, ...(miss === undefined ? {} : { miss }) };
}

/** Numbers are equal when they are so in the dtype of the arithmetic. */
function difference(wanted: Node, there: Node): string | undefined {
  if (wanted.op === 'scalar') {
    const { dtype } = wanted.type;
    const [a, b] = [Number(wanted.attrs['value']), Number(there.attrs['value'])];
    if (there.type.dtype === dtype && roundTo(dtype, a) === roundTo(dtype, b)) return undefined;
    return `the constant is ${b}, not ${a}`;
  }
  const [a, b] = [attrText(wanted.attrs), attrText(there.attrs)];
  return a === b ? undefined : `${there.op} has ${b}, not ${a}`;
}
