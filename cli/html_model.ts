/** What the page of `nanoc inspect --html` shows: the graph by blocks, equal layers once, and what each pass made of it. */

import type { Graph, Node } from '../compiler/ir.ts';
import { commonScope } from '../compiler/scope.ts';
import { type Dim, show } from '../spec/dim.ts';
import type { Attr } from '../spec/op.ts';
import { position, type Source, type Span } from '../spec/source.ts';

export interface Step {
  readonly kind: 'op';
  readonly id: number;
  readonly op: string;
  /** A parameter's path, an input's name, or attributes in a few words. */
  readonly detail: string;
  /** `float32[B, T, 768]` */
  readonly type: string;
  /** Names and types of what goes in. */
  readonly inputs: readonly { readonly id: number; readonly label: string }[];
  /** Where it was written: `file:line`, the file by its place in `Drawing.files`, from 0, and the line from 1. */
  readonly line: string;
}

export interface Block {
  readonly kind: 'block';
  readonly name: string;
  readonly path: string;
  /** How many blocks in a row are just like this one, this one included. */
  readonly times: number;
  readonly ops: number;
  readonly gives: string;
  readonly content: readonly (Step | Block)[];
}

export interface PassRow {
  readonly name: string;
  readonly doc: string;
  readonly before: number;
  readonly after: number;
  readonly lines: readonly string[];
}

export interface Drawing {
  readonly root: Block;
  /** The spec, and the included files that operators come from, in the order of the graph. */
  readonly files: readonly Source[];
}

const leaves: ReadonlySet<string> = new Set(['param', 'scalar', 'constant', 'table']);

/** Blocks as the graph is computed; parameters and constants are told with what reads them. */
export function drawingOf(graph: Graph, spec: Source): Drawing {
  const root = folder(graph.name, '');
  const files = [spec];
  for (const node of graph.nodes) {
    if (leaves.has(node.op)) continue;
    const scope = commonScope(graph.origins[node.id]!);
    place(root, scope === '' ? [] : scope.split('.'), stepOf(graph, node, files));
  }
  return { root: closed(root), files };
}

interface Folder {
  readonly name: string;
  readonly path: string;
  readonly steps: Step[];
  readonly inner: Map<string, Folder>;
}

const folder = (name: string, path: string): Folder => ({ name, path, steps: [], inner: new Map() });

function place(root: Folder, scope: readonly string[], step: Step): void {
  let at = root;
  for (const part of scope) {
    const path = at.path === '' ? part : `${at.path}.${part}`;
    const next = at.inner.get(part) ?? folder(part, path);
    at.inner.set(part, next);
    at = next;
  }
  at.steps.push(step);
}

/** What is computed last in it: in this order everything stands after what it reads, but for what reads from the midst of a block. */
const endOf = (item: Step | Block): number =>
  item.kind === 'op' ? item.id : Math.max(...item.content.map(endOf));

function closed({ name, path, steps, inner }: Folder): Block {
  const content = [...steps, ...[...inner.values()].flatMap((f) => contained(f, path))];
  const folded: (Step | Block)[] = [];
  for (const item of content.sort((a, b) => endOf(a) - endOf(b))) {
    const last = folded.at(-1);
    if (item.kind === 'block' && last?.kind === 'block' && alike(last) === alike(item)) {
      folded[folded.length - 1] = { ...last, times: last.times + 1, name: range(last.name, item.name) };
    } else folded.push(item);
  }
  const ops = folded.reduce((n, c) => n + (c.kind === 'op' ? 1 : c.ops * c.times), 0);
  const end = folded.at(-1);
  const gives = end ? (end.kind === 'op' ? end.type : end.gives) : '';
  return { kind: 'block', name, path, times: 1, ops, gives, content: folded };
}

/** A path that computes nothing itself, such as a list of layers, gives way to what it holds. */
function contained(f: Folder, around: string): readonly Block[] {
  if (f.steps.length === 0 && f.inner.size > 0)
    return [...f.inner.values()].flatMap((g) => contained(g, around));
  return [{ ...closed(f), name: around === '' ? f.path : f.path.slice(around.length + 1) }];
}

const texts = new WeakMap<Block['content'], string>();

/** Equal texts are equal blocks, but for their numbers. */
function alike(block: Block): string {
  const known = texts.get(block.content);
  if (known !== undefined) return known;
  const inner = block.content.map((c) =>
    c.kind === 'op' ? `${c.op} ${c.type} ${c.detail.replace(/\d+/g, '#')}` : alike(c),
  );
  const text = `${block.name.replace(/\{[^}]*\}|\d+/g, '#')}{${inner.join(';')}}`;
  texts.set(block.content, text);
  return text;
}

const range = (first: string, last: string): string => {
  const start = /^(.*?)\{?(\d+)(?:\.\.\d+\})?$/.exec(first);
  const end = /(\d+)$/.exec(last);
  return start && end ? `${start[1]}{${start[2]}..${end[1]}}` : first;
};

const typeOf = ({ type }: Node): string => `${type.dtype}[${type.shape.map((d) => show(d)).join(', ')}]`;

function stepOf(graph: Graph, node: Node, files: Source[]): Step {
  const inputs = node.inputs.map((id) => {
    const from = graph.nodes[id]!;
    return { id, label: labelOf(from) };
  });
  const line = lineOf(graph.origins[node.id]![0]?.span, files);
  return { kind: 'op', id: node.id, op: node.op, detail: detailOf(node), type: typeOf(node), inputs, line };
}

/** A file that is new to `files` joins them. */
function lineOf(span: Span | undefined, files: Source[]): string {
  if (!span) return '';
  const known = files.findIndex(({ name }) => name === span.source.name);
  const file = known < 0 ? files.push(span.source) - 1 : known;
  return `${file}:${position(span.source, span.start).line}`;
}

function labelOf(node: Node): string {
  if (node.op === 'scalar') return String(node.attrs['value']);
  if (node.op === 'constant') return 'constant';
  const name = node.attrs['name'];
  return `${typeof name === 'string' ? name : `%${node.id}`}: ${typeOf(node)}`;
}

const detailOf = ({ attrs }: Node): string =>
  Object.entries(attrs)
    .flatMap(([key, value]) => {
      const text = attrText(value);
      return text === '' ? [] : [key === 'name' ? text : `${key}=${text}`];
    })
    .join(' ');

function attrText(value: Attr): string {
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(attrText).join(', ')}]`;
  return 'key' in value ? show(value as Dim) : '';
}
