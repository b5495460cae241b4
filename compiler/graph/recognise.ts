/** Finds an op that was written out in primitives: its `decompose`, run on a graph of its own, is the pattern. */

import { constant } from '../../spec/dim.ts';
import type { Attrs, Meaning, Nearby, Op, Variant } from '../../spec/op.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import { roundTo } from '../../spec/round.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { attrText } from './attr_text.ts';
import { type Builder, newBuilder } from './builder.ts';
import type { Node, NodeId } from './ir.ts';
import { operand, tried } from './meaning.ts';
import { isProduct } from './product.ts';

type Type = TensorType<GraphDType>;

/** An op as it was found: on these values, through these nodes. */
export interface Found {
  readonly inputs: readonly NodeId[];
  readonly attrs: Attrs;
  readonly variant: Variant<Attrs>;
  /** Nodes that the op stands for, the root not among them. */
  readonly inside: readonly NodeId[];
  /** Set when the graph differs from the op in exactly one attribute: it is no match, but `--explain` can say why. */
  readonly mismatch?: string;
}

interface Pattern {
  readonly builder: Builder;
  readonly root: NodeId;
  readonly inputs: readonly NodeId[];
  /** Ops that it contains whatever the types are. */
  readonly ops: ReadonlySet<string>;
}

/** The nodes before a node, and the set of their ops. */
export interface NearbyOps extends Nearby {
  readonly ops: ReadonlySet<string>;
}

export interface Recogniser {
  /** The op at `root`, a node about to be made in `graph` with `nearby` before it; of near misses the first. */
  find(op: Op, root: Node, nearby: NearbyOps, graph: Builder): Found | undefined;
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
      if (typeof recognise !== 'object') return undefined;
      const own: Variant<Attrs> = { means: (e, inputs, attrs) => decompose(e, inputs, attrs) };
      let near: Found | undefined;
      for (const [which, variant] of [own, ...(recognise.variants ?? [])].entries()) {
        const spelling = `${op.name} ${which}`;
        if (!containsAll(nearby.ops, needs.get(spelling))) continue;
        for (const inputs of recognise.inputs?.(root.type, nearby) ?? [[root.type]]) {
          for (const attrs of recognise.attrs(nearby)) {
            const pattern = patternOf(spelling, variant.means, attrs, inputs);
            const found = pattern && match(pattern, root, graph);
            if (!found) continue;
            if (found.mismatch === undefined) return { ...found, attrs, variant };
            near ??= { ...found, attrs, variant };
          }
        }
      }
      return near;
    },
  };
}

const typeKey = ({ dtype, shape }: Type): string => `${dtype}${shape.map((d) => d.key).join(',')}`;

const containsAll = (there: ReadonlySet<string>, needed: ReadonlySet<string> | undefined): boolean =>
  !needed || [...needed].every((op) => there.has(op));

/** Whether a spelling may contain an op for some types only, so that its absence proves nothing. */
const dependsOnTypes = (op: string): boolean => !isPrimitive(op) || primitives[op].elements !== 'computed';

/** Undefined where the op has no meaning on inputs of these types. */
function makePattern(means: Meaning<Attrs>, attrs: Attrs, types: readonly Type[]): Pattern | undefined {
  const builder = newBuilder();
  const inputs = types.map((type, i) => operand(builder, String(i), type));
  const root = tried(() => means(builder.emit([]), inputs, attrs));
  if (root === undefined) return undefined;
  const ops = new Set<string>();
  for (let id = 0; id <= root; id++) {
    const { op } = builder.node(id);
    if (!dependsOnTypes(op)) ops.add(op);
  }
  return { builder, inputs, root, ops };
}

/** Nodes searched for numbers and widths before a node; the longest spelling of an op has 15. */
const nodesSearched = 48;

export function nearbyOf(root: Node, graph: Builder): NearbyOps {
  const numbers = new Set<number>();
  const widths = new Set<number>();
  const ops = new Set([root.op]);
  const seen = new Set(root.inputs);
  for (const id of seen) {
    const node = graph.node(id);
    const { op, attrs, inputs, type } = node;
    ops.add(op);
    const last = type.shape.at(-1);
    const width = last && constant(last);
    if (op === 'scalar') numbers.add(Number(attrs['value']));
    else if (width !== undefined) widths.add(width);
    if (seen.size < nodesSearched && !isProduct(node, graph.node)) for (const i of inputs) seen.add(i);
  }
  return { numbers: [...numbers], widths: [...widths], ops };
}

/** True when the op widens to float32 itself: on x it means what it means on a widened x, narrowed again. */
export function widens(op: Op, attrs: Attrs, types: readonly Type[]): boolean {
  const [x, ...others] = types;
  const builder = newBuilder();
  const e = builder.emit([]);
  const leaves = [x!, ...others].map((type, i) => operand(builder, String(i), type));
  const wide = e.make('cast', [leaves[0]!], { dtype: 'float32' });
  const same = tried(() => {
    const stepwise = op.decompose(e, [wide, ...leaves.slice(1)], attrs);
    return op.decompose(e, leaves, attrs) === e.make('cast', [stepwise], { dtype: x!.dtype });
  });
  return same === true;
}

/** A node of the pattern, and the node of the graph that it has to match. */
type Goal = readonly [pattern: NodeId, value: NodeId];
interface Match {
  /** The node of the graph that each node of the pattern stands for. */
  readonly bound: ReadonlyMap<NodeId, NodeId>;
  readonly mismatch?: string;
}

function match(
  { builder, root, inputs }: Pattern,
  at: Node,
  graph: Builder,
): Omit<Found, 'attrs' | 'variant'> | undefined {
  const start = matchNode(builder.node(root), at, undefined);
  const found = start && matchAnyWay(start.ways, { builder, graph }, withMismatch(new Map(), start.mismatch));
  if (!found) return undefined;
  const given = inputs.map((i) => found.bound.get(i));
  if (given.some((i) => i === undefined)) return undefined;
  const inside = [...found.bound].filter(([p]) => !inputs.includes(p)).map(([, id]) => id);
  return {
    inputs: given.filter((i) => i !== undefined),
    inside,
    ...(found.mismatch === undefined ? {} : { mismatch: found.mismatch }),
  };
}

const withMismatch = (bound: Match['bound'], mismatch: string | undefined): Match => ({
  bound,
  ...(mismatch === undefined ? {} : { mismatch }),
});

interface PatternAndGraph {
  readonly builder: Builder;
  readonly graph: Builder;
}

const matchAnyWay = (
  ways: readonly (readonly Goal[])[],
  both: PatternAndGraph,
  state: Match,
): Match | undefined => {
  let near: Match | undefined;
  for (const goals of ways) {
    const found = matchAll(goals, both, state);
    if (found && found.mismatch === undefined) return found;
    near ??= found;
  }
  return near;
};

/** Matches all goals together, with operands of a sum or product in either order; prefers a match without a mismatch. */
function matchAll(goals: readonly Goal[], both: PatternAndGraph, state: Match): Match | undefined {
  const [goal, ...rest] = goals;
  if (!goal) return state;
  const [pattern, value] = goal;
  const known = state.bound.get(pattern);
  if (known !== undefined) return known === value ? matchAll(rest, both, state) : undefined;
  const bound = new Map([...state.bound, [pattern, value]]);
  const wanted = both.builder.node(pattern);
  const there = both.graph.node(value);
  if (wanted.op === 'input') {
    return wanted.type.dtype === there.type.dtype
      ? matchAll(rest, both, withMismatch(bound, state.mismatch))
      : undefined;
  }
  const next = matchNode(wanted, there, state.mismatch);
  if (!next) return undefined;
  const ways = next.ways.map((more) => [...more, ...rest]);
  return matchAnyWay(ways, both, withMismatch(bound, next.mismatch));
}

/** The goals for the operands that make a node match one of the pattern; at most one attribute in all may differ. */
function matchNode(
  wanted: Node,
  there: Node,
  known: string | undefined,
): { readonly ways: readonly (readonly Goal[])[]; readonly mismatch?: string } | undefined {
  if (wanted.op !== there.op || wanted.inputs.length !== there.inputs.length) return undefined;
  const differs = difference(wanted, there);
  if (differs !== undefined && known !== undefined) return undefined;
  const pairs = wanted.inputs.map((p, i): Goal => [p, there.inputs[i]!]);
  const ways = [pairs];
  if (isPrimitive(wanted.op) && primitives[wanted.op].commutes) {
    ways.push([
      [wanted.inputs[0]!, there.inputs[1]!],
      [wanted.inputs[1]!, there.inputs[0]!],
    ]);
  }
  const mismatch = known ?? differs;
  return { ways, ...(mismatch === undefined ? {} : { mismatch }) };
}

/** Says how attributes differ; numbers are compared in the dtype of the arithmetic. */
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
