/** What the page of `nanoc inspect --html` shows of a graph: its blocks as they are computed, with equal layers once. */

import type { Graph, Node } from '../../compiler/graph/ir.ts';
import { hasProducts } from '../../compiler/graph/product.ts';
import { commonScope } from '../../compiler/graph/scope.ts';
import { type ValueSource, valueSource } from '../../compiler/graph/value_source.ts';
import { constant } from '../../spec/dim.ts';
import { ownerOf } from '../../spec/dotted_path.ts';
import { largest, smallest } from '../../spec/long_list.ts';
import type { Source } from '../../spec/source.ts';
import { folded, givenBy, opsIn } from './html_fold.ts';
import { maskAndPositionNodes } from './html_mask_nodes.ts';
import { type Step, stepOf } from './html_step.ts';
import type { Block, Item } from './item.ts';

export interface Drawing {
  readonly content: readonly Item[];
  /** The spec, and the included files that operators come from, in the order of the graph. */
  readonly files: readonly Source[];
}

/** Parameters and constants are shown with the operators that read them. */
const besideReaders: ReadonlySet<ValueSource> = new Set<ValueSource>(['checkpoint', 'attributes']);

export function drawingOf(graph: Graph, spec: Source): Drawing {
  const root = folder('');
  const around = folder('');
  const maskNodes = maskAndPositionNodes(graph);
  const scopeOf = scoping(graph);
  const files = [spec];
  const heavy = heavyOps(graph);
  for (const node of graph.nodes) {
    if (besideReaders.has(valueSource(node))) continue;
    const scope = scopeOf(node);
    const at = scope !== '' ? folderAt(root, scope.split('.')) : maskNodes.has(node.id) ? around : root;
    at.steps.push(stepOf(graph, node, { scope, files, isHeavy: heavy(node) }));
    for (const id of node.inputs) {
      const { op, attrs, type } = graph.nodes[id]!;
      if (op !== 'param') continue;
      at.parameters.set(
        String(attrs['name']),
        type.shape.reduce((n, d) => n * (constant(d) ?? 1), 1),
      );
    }
  }
  const part = { ...blockOf('masks and positions', around), gives: '' };
  const isEarly = (item: Item): boolean =>
    item.kind === 'op' ? maskNodes.has(item.id) : item.content.every(isEarly);
  return { content: inOrder([...(part.ops > 0 ? [part] : []), ...itemsOf(root)], isEarly), files };
}

/** Whether an op takes most of the arithmetic: it multiplies with matrices, or computes its body for every token. */
function heavyOps({ nodes }: Graph): (node: Node) => boolean {
  const known = new Map<string, boolean>();
  return (node) => {
    const isHeavy = known.get(node.op) ?? (node.op === 'scan' || hasProducts(node, (id) => nodes[id]!));
    known.set(node.op, isHeavy);
    return isHeavy;
  };
}

/** The innermost block of a node. A node that several layers share lies neither in one of them nor in their list. */
function scoping({ origins }: Graph): (node: Node) => string {
  const blocks = new Set(origins.flatMap((all) => all.map(({ scope }) => scope)));
  return ({ id }) => {
    let scope = commonScope(origins[id]!);
    while (scope !== '' && !blocks.has(scope)) scope = ownerOf(scope);
    return scope;
  };
}

interface Folder {
  readonly path: string;
  readonly steps: Step[];
  /** Parameters that steps read, with their counts of elements. */
  readonly parameters: Map<string, number>;
  readonly inner: Map<string, Folder>;
}

const folder = (path: string): Folder => ({ path, steps: [], parameters: new Map(), inner: new Map() });

function folderAt(root: Folder, scope: readonly string[]): Folder {
  let at = root;
  for (const part of scope) {
    const next = at.inner.get(part) ?? folder(at.path === '' ? part : `${at.path}.${part}`);
    at.inner.set(part, next);
    at = next;
  }
  return at;
}

const itemsOf = ({ path, steps, inner }: Folder): readonly Item[] => [
  ...steps,
  ...[...inner.values()].flatMap((f) => contained(f, path)),
];

/** A path that computes nothing itself, such as a list of layers, is replaced by what it contains. */
function contained(f: Folder, around: string): readonly Block[] {
  if (f.steps.length === 0 && f.inner.size > 0)
    return [...f.inner.values()].flatMap((g) => contained(g, around));
  return [blockOf(around === '' ? f.path : f.path.slice(around.length + 1), f)];
}

function blockOf(name: string, f: Folder): Block {
  const content = inOrder(itemsOf(f));
  return {
    ...{ kind: 'block', names: [name], path: f.path, times: 1, by: 1, content },
    ops: opsIn(content),
    parameters: content.reduce(
      (n, c) => n + (c.kind === 'op' ? 0 : c.parameters * c.times),
      [...f.parameters.values()].reduce((n, size) => n + size, 0),
    ),
    gives: givenBy(content),
  };
}

/** The id of the last node of an item. In this order every item follows those that it reads, unless it reads from inside a block. */
const endOf = (item: Item): number => (item.kind === 'op' ? item.id : largest(item.content.map(endOf)));

const startOf = (item: Item): number => (item.kind === 'op' ? item.id : smallest(item.content.map(startOf)));

/** Early items read nothing of the others, masks and positions say; they stand together right after the first block, the embedding. */
function inOrder(items: readonly Item[], isEarly: (item: Item) => boolean = () => false): readonly Item[] {
  const first = items.find((item) => item.kind === 'block' && !isEarly(item));
  const soon = first ? endOf(first) + 0.5 : -1;
  return folded(
    items
      .map((item) => ({ item, at: isEarly(item) ? soon : endOf(item), then: startOf(item) }))
      .sort((a, b) => a.at - b.at || a.then - b.then)
      .map(({ item }) => item),
  );
}
