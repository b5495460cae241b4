/**
 * The tree of block instances behind a graph: which nodes each computes itself, in which order its parts run, what goes in and out.
 *
 * A node belongs to the block that its origins name; a node that several blocks share, to the lowest block around them; a node
 * that depends on sizes alone, to the model. A region must be convex, or it could not run as one call: no path may leave it and
 * come back. Where a spec runs an instance twice, or shared nodes make a cycle of regions, the region is dissolved, and its nodes
 * belong to the block around it.
 */

import { Bug } from '../../spec/diagnostic.ts';
import { isWithin, ownerOf } from '../../spec/dotted_path.ts';
import type { Graph, Node, NodeId, OpName } from './ir.ts';
import { commonScope } from './scope.ts';
import { usersOf } from './users.ts';

export type Step =
  | { readonly kind: 'node'; readonly id: NodeId }
  | { readonly kind: 'region'; readonly region: Region };

export interface Region {
  /** Path of the block instance: `transformer.h.3.attn`; empty at the model. */
  readonly scope: string;
  /** In an order in which they can run. */
  readonly steps: readonly Step[];
  /** Values from outside in the order of their first use; parameters outside of the scope are among them. */
  readonly inputs: readonly NodeId[];
  /** Values that are used outside, in graph order; those that only leave the graph come last. */
  readonly outputs: readonly NodeId[];
}

/** Ops that a backend writes at each use, and that belong to no block. */
const writtenAtUse: ReadonlySet<string> = new Set<OpName>(['scalar', 'size', 'param', 'table']);

/** Parameters and tables belong to a module; `owner` gives its path. */
export type OwnerOf = (node: Node) => string;

/** Throws a `Bug` when a region that remains is not convex. */
export function regions(graph: Graph, owner: OwnerOf): Region {
  const homes = blocksOfNodes(graph);
  for (let given = childrenOnCycles(graph, homes); given.size > 0; given = childrenOnCycles(graph, homes)) {
    for (const [id, home] of homes.entries()) {
      let now = home;
      while (now !== undefined && given.has(now)) now = blockAround(now, homes);
      homes[id] = now;
    }
  }
  const region = describe(graph, homes, owner);
  checkConvex(graph, region);
  return region;
}

/** For each node the path of its block; undefined for nodes that are written at each use. */
type BlockOfNode = (string | undefined)[];

function blocksOfNodes(graph: Graph): BlockOfNode {
  const blocks = new Set([''].concat(graph.origins.flatMap((all) => all.map((o) => o.scope))));
  const free = new Set<NodeId>();
  return graph.nodes.map(({ id, op, inputs }) => {
    if (op !== 'param' && op !== 'table' && op !== 'input' && inputs.every((i) => free.has(i))) free.add(id);
    if (writtenAtUse.has(op)) return undefined;
    if (op === 'input' || free.has(id)) return '';
    return nearest(commonScope(graph.origins[id]!), (scope) => blocks.has(scope));
  });
}

function nearest(scope: string, found: (scope: string) => boolean): string {
  let at = scope;
  while (at !== '' && !found(at)) at = ownerOf(at);
  return at;
}

/** The nearest path above that has nodes of its own, or the model. */
function blockAround(scope: string, homes: BlockOfNode): string {
  const known = new Set(homes);
  return nearest(ownerOf(scope), (s) => known.has(s));
}

/** The scope of the child region that a node of a block lies in; undefined when it lies in none. */
function partOf(home: string, block: string, blocks: ReadonlySet<string>): string | undefined {
  if (home === block) return undefined;
  let child = home;
  for (let at = ownerOf(home); at !== block; at = ownerOf(at)) if (blocks.has(at)) child = at;
  return child;
}

/** Child regions of one block that lie on a cycle when each counts as one step; outer blocks are looked at first. */
function childrenOnCycles(graph: Graph, homes: BlockOfNode): ReadonlySet<string> {
  const blocks = new Set(homes.filter((h) => h !== undefined));
  blocks.add('');
  const inside = membersOf(homes, blocks);
  for (const block of [...blocks].sort((a, b) => a.length - b.length)) {
    const { parts, edges } = contract(graph, homes, block, inside.get(block)!, blocks);
    const tied = cyclic(parts, edges).filter((part) => typeof part === 'string');
    if (tied.length > 0) return new Set(tied);
  }
  return new Set();
}

/** The nodes in each block and in the blocks below it. */
function membersOf(homes: BlockOfNode, blocks: ReadonlySet<string>): ReadonlyMap<string, readonly NodeId[]> {
  const inside = new Map<string, NodeId[]>([...blocks].map((b) => [b, []]));
  for (const [id, home] of homes.entries()) {
    if (home === undefined) continue;
    for (let at = home; ; at = ownerOf(at)) {
      inside.get(at)?.push(id);
      if (at === '') break;
    }
  }
  return inside;
}

type Part = string | NodeId;
type Edges = ReadonlyMap<Part, ReadonlySet<Part>>;

interface Contracted {
  /** In the order of their first nodes. */
  readonly parts: readonly Part[];
  /** From each part to those that need it. */
  readonly edges: Edges;
  readonly members: ReadonlyMap<Part, readonly NodeId[]>;
}

function contract(
  graph: Graph,
  homes: BlockOfNode,
  block: string,
  inside: readonly NodeId[],
  blocks: ReadonlySet<string>,
): Contracted {
  const part = new Map<NodeId, Part>(inside.map((id) => [id, partOf(homes[id]!, block, blocks) ?? id]));
  const members = new Map<Part, NodeId[]>();
  const edges = new Map<Part, Set<Part>>();
  for (const id of inside) {
    const own = part.get(id)!;
    members.set(own, [...(members.get(own) ?? []), id]);
    if (!edges.has(own)) edges.set(own, new Set());
    for (const input of graph.nodes[id]!.inputs) {
      const from = part.get(input);
      if (from !== undefined && from !== own) edges.get(from)!.add(own);
    }
  }
  return { parts: [...members.keys()], edges, members };
}

/** Sorts parts topologically, by first node where there is a choice; `left` are those on or behind cycles. */
function ordered(parts: readonly Part[], edges: Edges): { readonly order: Part[]; readonly left: Part[] } {
  const waiting = new Map<Part, number>(parts.map((p) => [p, 0]));
  for (const to of edges.values()) for (const p of to) waiting.set(p, waiting.get(p)! + 1);
  const rank = new Map(parts.map((p, i) => [p, i]));
  const ready = parts.filter((p) => waiting.get(p) === 0);
  const order: Part[] = [];
  while (ready.length > 0) {
    const next = ready.shift()!;
    order.push(next);
    for (const p of edges.get(next)!) {
      waiting.set(p, waiting.get(p)! - 1);
      if (waiting.get(p) === 0) insert(ready, p, rank);
    }
  }
  return { order, left: parts.filter((p) => waiting.get(p)! > 0) };
}

function insert(ready: Part[], part: Part, rank: ReadonlyMap<Part, number>): void {
  const at = ready.findIndex((p) => rank.get(p)! > rank.get(part)!);
  ready.splice(at < 0 ? ready.length : at, 0, part);
}

/** Parts on a cycle: those that can be ordered neither from the front nor from the back. */
function cyclic(parts: readonly Part[], edges: Edges): readonly Part[] {
  const { left } = ordered(parts, edges);
  if (left.length === 0) return [];
  const kept = new Set(left);
  const back = new Map<Part, Set<Part>>(left.map((p) => [p, new Set()]));
  for (const from of left) for (const to of edges.get(from)!) if (kept.has(to)) back.get(to)!.add(from);
  return ordered(left, back).left;
}

function describe(graph: Graph, homes: BlockOfNode, owner: OwnerOf): Region {
  const blocks = new Set(homes.filter((h) => h !== undefined));
  blocks.add('');
  const inside = membersOf(homes, blocks);
  const users = usersOf(graph);
  const build = (scope: string): Region => {
    const members = inside.get(scope)!;
    const { parts, edges } = contract(graph, homes, scope, members, blocks);
    const { order, left } = ordered(parts, edges);
    if (left.length > 0) throw new Bug(`${left.join(', ')} in ${scope || 'the model'} run in a circle`);
    const own = new Set(members);
    const isOwn = (id: NodeId): boolean => {
      const node = graph.nodes[id]!;
      if (node.op === 'param' || node.op === 'table') return isWithin(owner(node), scope);
      return own.has(id) || node.op === 'scalar' || node.op === 'size';
    };
    const steps: Step[] = order.map((part) =>
      typeof part === 'string' ? { kind: 'region', region: build(part) } : { kind: 'node', id: part },
    );
    const inputs = new Set<NodeId>();
    for (const step of steps) {
      const needed = step.kind === 'region' ? step.region.inputs : graph.nodes[step.id]!.inputs;
      for (const id of needed) if (!isOwn(id)) inputs.add(id);
    }
    const results = new Set(graph.outputs.map((o) => o.node));
    const isRead = (id: NodeId): boolean => users.get(id)?.some((user) => !own.has(user)) === true;
    const outputs = [...members.filter(isRead), ...members.filter((id) => results.has(id) && !isRead(id))];
    return { scope, steps, inputs: [...inputs], outputs };
  };
  return build('');
}

/** Checks that every value is computed before its use when a region counts as one step. Throws a `Bug` for the first that is not. */
export function checkConvex(graph: Graph, region: Region, given: ReadonlySet<NodeId> = new Set()): void {
  const made = new Set(given);
  const need = (id: NodeId, who: string): void => {
    if (made.has(id) || writtenAtUse.has(graph.nodes[id]!.op)) return;
    throw new Bug(`${who} in ${region.scope || 'the model'} needs %${id} before it is there`);
  };
  for (const step of region.steps) {
    if (step.kind === 'node') {
      for (const id of graph.nodes[step.id]!.inputs) need(id, `%${step.id}`);
      made.add(step.id);
    } else {
      for (const id of step.region.inputs) need(id, step.region.scope);
      checkConvex(graph, step.region, new Set(step.region.inputs));
      for (const id of step.region.outputs) made.add(id);
    }
  }
}
