/** Names for the values of one method: those of the spec where it names them, and otherwise names after what computes them. */

import type { Graph, Node, NodeId, OpName } from '../../compiler/graph/ir.ts';
import type { Region } from '../../compiler/graph/regions.ts';
import { runtimeNames } from '../../spec/dim.ts';
import { isComposite, opOf } from '../../spec/ops/index.ts';
import { type CodeContext, placeKey } from './code_context.ts';
import { freeName, isIdentifier } from './names.ts';

/** Candidates in order of preference; never empty. */
export type Candidates = (id: NodeId) => readonly string[];

export function candidatesFor(region: Region, context: CodeContext): Candidates {
  const { graph, spec, meaning } = context;
  const referred = new Map<NodeId, Set<string>>();
  for (const id of nodesOf(region)) {
    const origins = graph.origins[id]!;
    for (const { at, of, name } of spec.operandNames(region.scope, origins)) {
      const operand = operandAt(graph, id, at, of);
      if (operand === undefined) continue;
      // A node on the way to the same value is no operand of the expression.
      const own = new Set(graph.origins[operand]!.map(placeKey));
      if (origins.some((o) => own.has(placeKey(o)))) continue;
      referred.set(operand, (referred.get(operand) ?? new Set()).add(name));
    }
  }
  const declared = spec.inputNames(region.scope);
  const inputs = region.inputs.filter((id) => !isStored(graph.nodes[id]!));
  return (id) => {
    const origins = graph.origins[id]!.filter((o) => meaning.get(placeKey(o)) === id);
    const assigned = spec.assignedName(region.scope, origins);
    const known = [...(referred.get(id) ?? [])];
    const single = inputs.length === 1 && inputs[0] === id && declared.length === 1 ? declared : [];
    return [
      ...single,
      ...known.filter((n) => spec.isAlias(n)),
      ...(assigned === undefined ? [] : [assigned]),
      ...known,
      fallback(id, context),
    ].filter(isIdentifier);
  };
}

/** Whether the spec names the value itself, and not only a value computed from it. */
export function isAssigned(id: NodeId, scope: string, { graph, spec, meaning }: CodeContext): boolean {
  const origins = graph.origins[id]!.filter((o) => meaning.get(placeKey(o)) === id);
  return spec.assignedName(scope, origins) !== undefined;
}

const isStored = ({ op }: Node): boolean => op === 'param' || op === 'table';

/** All nodes of a region and of the regions inside it. */
function* nodesOf(region: Region): Generator<NodeId> {
  for (const step of region.steps) {
    if (step.kind === 'node') yield step.id;
    else yield* nodesOf(step.region);
  }
}

/** An operand of an expression among a node's inputs; a module's own parameters are no operands of a call. */
function operandAt(graph: Graph, id: NodeId, at: number, of: number): NodeId | undefined {
  const { inputs } = graph.nodes[id]!;
  if (inputs.length === of) return inputs[at];
  return inputs.filter((i) => !isStored(graph.nodes[i]!))[at];
}

/** Ops after which a value keeps the name of its operand. */
const viewOps: ReadonlySet<string> = new Set<OpName>(['reshape', 'transpose', 'slice', 'broadcast', 'cast']);
/** Names of operands of composites that say what the value is for. */
const informativeOperands = new Set(['q', 'k', 'v', 'mask', 'bias', 'sinks', 'cos', 'sin']);
/** Names for results that are integers, which count and compare tokens. */
const byOpOfWhole: Readonly<Record<string, string>> = {
  take_along: 'own',
  sub: 'distance',
  reduce_sum: 'count',
} satisfies Partial<Record<OpName, string>>;
/** Names for results of any dtype. */
const byOp: Readonly<Record<string, string>> = {
  gather: 'rows',
  take_along: 'rows',
  cumsum: 'count',
  concat: 'joined',
  iota: 'steps',
  constant: 'numbers',
  eq: 'seen',
  lt: 'seen',
  le: 'seen',
  and: 'seen',
  or: 'seen',
  not: 'seen',
} satisfies Partial<Record<OpName, string>>;

/** A name from the op that reads the value, or from the op that computes it. */
function fallback(id: NodeId, context: CodeContext): string {
  const { graph, users } = context;
  const node = graph.nodes[id]!;
  const port = graph.ports.find((p) => p.input === node.attrs['name']);
  if (node.op === 'input') {
    const name = port
      ? `past_${port.decl.name.replace(/^.*\./, '').replace(/\W/g, '_')}`
      : String(node.attrs['name']);
    return inputNames[name] ?? name;
  }
  if (node.op === 'param' || node.op === 'table')
    return String(node.attrs['name'])
      .replace(/^.*\.(?=\D)/, '')
      .replace(/\W/g, '_');
  for (const user of users.get(id) ?? []) {
    const { op, inputs } = graph.nodes[user]!;
    if (op === 'write' && inputs[2] === id) return 'slots';
    if (op === 'take_along' && inputs[1] === id) return 'places';
    const name = isComposite(op) ? opOf(op).inputs[inputs.indexOf(id)]?.replace('?', '') : undefined;
    if (name !== undefined && informativeOperands.has(name)) return name;
  }
  if (viewOps.has(node.op)) return fallback(node.inputs[0]!, context);
  if (node.type.dtype !== 'int64') return byOp[node.op] ?? 'y';
  const between = node.inputs.every((i) => !['scalar', 'size'].includes(graph.nodes[i]!.op));
  return (between ? byOpOfWhole[node.op] : undefined) ?? byOp[node.op] ?? 'order';
}

/** Inputs that a caller may leave out have these names once they have a value. */
const inputNames: Readonly<Record<string, string>> = { attention_mask: 'real', position_ids: 'positions' };

export interface Defining {
  readonly defines: readonly NodeId[];
  readonly reads: readonly NodeId[];
}

/** A name is used again once nothing reads the value that had it. Values in `given` have their names already. */
export function nameValues(
  inputs: readonly NodeId[],
  statements: readonly Defining[],
  candidates: Candidates,
  given: ReadonlyMap<NodeId, string>,
): ReadonlyMap<NodeId, string> {
  const until = new Map<NodeId, number>();
  statements.forEach(({ reads }, i) => {
    for (const id of reads) until.set(id, i);
  });
  const names = new Map(given);
  const holders = new Map<string, number>(
    [...runtimeNames, ...[...given.values()].map((n) => n.replace(/\W.*/, ''))].map((n) => [
      n,
      Number.POSITIVE_INFINITY,
    ]),
  );
  const give = (id: NodeId, now: number): void => {
    if (names.has(id)) return;
    const taken = (name: string): boolean => (holders.get(name) ?? -1) > now;
    const all = candidates(id);
    const name = all.find((n) => !taken(n)) ?? freeName(all[0] ?? 'y', taken);
    names.set(id, name);
    holders.set(name, Math.max(until.get(id) ?? -1, now + 0.5));
  };
  for (const id of inputs) give(id, -1);
  statements.forEach(({ defines }, i) => {
    for (const id of defines) give(id, i);
  });
  return names;
}
