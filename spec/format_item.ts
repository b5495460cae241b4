/** What the formatter writes on a line of its own, and the columns that neighbouring lines share. */

import type {
  AnyNode,
  Assign,
  CheckpointBlock,
  Config,
  Constant,
  Expr,
  Member,
  Require,
  Return,
  Text,
} from './ast.ts';
import { call, expr, names, quoted, type } from './format_expr.ts';
import { largest } from './long_list.ts';
import { align, type Doc, fill, listed, prettyText } from './pretty.ts';

type ConfigEntry = Config['entries'][number];
type CheckpointEntry = CheckpointBlock['entries'][number];
export type Leaf = Constant | Member | Require | Assign | Return | ConfigEntry | CheckpointEntry;

const family: Readonly<Record<string, string>> = {
  Constant: 'constant',
  Member: 'member',
  Require: 'require',
  Assign: 'assign',
  Return: 'return',
  Entry: 'config',
  Expect: 'config',
  Prefix: 'checkpoint',
  Ignore: 'checkpoint',
  Tied: 'checkpoint',
} satisfies Record<Leaf['kind'], string>;

export const isLeaf = (node: AnyNode): node is Leaf => node.kind in family;
export const areAkin = (a: AnyNode, b: AnyNode): boolean => isLeaf(a) && family[a.kind] === family[b.kind];

/** Widths of columns that a line shares with its neighbours. */
export interface Columns {
  readonly head: number;
  /** Width of the values of config entries, for lining up the keys behind them. */
  readonly value: number;
}
export const ownColumns: Columns = { head: 0, value: 0 };

export const flat = (doc: Doc): string => prettyText(doc, 0, Number.POSITIVE_INFINITY);

export function leaf(item: Leaf, { head, value }: Columns): Doc {
  switch (item.kind) {
    case 'Constant':
    case 'Assign':
      return [headOf(item).padEnd(head), ' = ', align(given(item))];
    case 'Member':
      return [
        headOf(item).padEnd(head),
        ' ',
        item.type.kind === 'Type'
          ? type(item.type)
          : [dotted(item.type.path), item.type.args.length > 0 ? call(item.type.args) : ''],
        item.from ? ` from ${quoted(item.from)}` : '',
        item.default ? [' default ', align(expr(item.default))] : '',
      ];
    case 'Require':
      return ['require ', align(listed([expr(item.test), quoted(item.message)]))];
    case 'Return':
      return ['return ', align(listed(item.values.map(expr)))];
    case 'Entry': {
      const from = item.keys.length > 0 ? source(item.keys, item.else) : '';
      const start = headOf(item).padEnd(head);
      if (!item.value) return [start, ' ', from];
      const padding = value - valueWidth(item.value);
      return [start, ' = ', align(expr(item.value)), from && [' '.repeat(Math.max(0, padding) + 1), from]];
    }
    case 'Expect':
      return ['expect ', align(fill(alternatives(item.keys))), ' = ', align(expr(item.value))];
    case 'Prefix':
      return [headOf(item).padEnd(head), ` ${quoted(item.from)}`, item.to ? ` = ${quoted(item.to)}` : ''];
    case 'Ignore':
      return [headOf(item).padEnd(head), ' ', align(listed(item.globs.map(quoted)))];
    case 'Tied':
      return [headOf(item).padEnd(head), ` ${quoted(item.key)} = `, dotted(item.path)];
  }
}

const given = (item: Constant | Assign): Doc =>
  item.kind === 'Constant' ? expr(item.value) : listed(item.values.map(expr));

const dotted = (path: Member['path']): string => path.words.map((w) => w.text).join('.');

/** `"a" or "b"` */
const alternatives = (keys: readonly Text[]) =>
  keys.map((key, i) => ({ doc: i === 0 ? quoted(key) : `or ${quoted(key)}`, nest: 2 }));

/** `from "a" or "b" else 1` */
function source(keys: readonly Text[], other: Expr | undefined): Doc {
  const [first, ...rest] = alternatives(keys);
  const fallback = other ? [{ doc: ['else ', align(expr(other))] }] : [];
  return align(fill([{ doc: ['from ', first?.doc ?? ''] }, ...rest, ...fallback]));
}

const valueWidth = (value: Expr): number => flat(expr(value)).length;

/** The text before the shared column. */
function headOf(item: Leaf): string {
  switch (item.kind) {
    case 'Constant':
    case 'Entry':
      return item.name.text;
    case 'Assign':
      return flat(listed(item.targets.map((t) => [t.name.text, t.type ? [': ', type(t.type)] : ''])));
    case 'Member': {
      const { indices } = item;
      if (!indices) return `${dotted(item.path)}:`;
      if (indices.kind !== 'Comprehend') return `${dotted(item.path)}[${flat(expr(indices))}]:`;
      const when = indices.when ? ` if ${flat(expr(indices.when))}` : '';
      return `${dotted(item.path)}[${names([indices.name])} in ${flat(expr(indices.over))}${when}]:`;
    }
    case 'Prefix':
    case 'Ignore':
    case 'Tied':
      return item.kind.toLowerCase();
    default:
      return '';
  }
}

/** Longest head of a member, and longest example value of a config, that neighbours are lined up with. */
const longestHead = 41;
const longestValue = 16;

/** The columns of each of several leaves that follow one another without a blank line. */
export function columnsOf(items: readonly Leaf[]): readonly Columns[] {
  const [first] = items;
  if (!first) return [];
  const heads = items.map((item) => headOf(item).length);
  if (first.kind === 'Constant' || first.kind === 'Assign') return alikes(items, heads);
  const head = largest(heads);
  if (first.kind === 'Member' && head > longestHead) return items.map(() => ownColumns);
  const values = items.map((item) =>
    item.kind === 'Entry' && item.value && item.keys.length > 0 ? valueWidth(item.value) : 0,
  );
  const value = largest(values.filter((width) => width <= longestValue));
  return items.map(() => ({ head, value }));
}

/** Assignments line up where names of about one length follow one another; `x` beside `x0` or `score` does not. */
function alikes(items: readonly Leaf[], lengths: readonly number[]): readonly Columns[] {
  const columns: Columns[] = [];
  for (let from = 0; from < items.length; ) {
    let to = from + 1;
    let [least, head] = [lengths[from]!, lengths[from]!];
    for (; to < items.length && isSingle(items[from]!) && isSingle(items[to]!); to++) {
      const [low, high] = [Math.min(least, lengths[to]!), Math.max(head, lengths[to]!)];
      if (low <= 1 || high - low > 2) break;
      [least, head] = [low, high];
    }
    for (; from < to; from++) columns.push({ head, value: 0 });
  }
  return columns;
}

const isSingle = (item: Leaf): boolean =>
  item.kind === 'Constant' || (item.kind === 'Assign' && item.targets.length === 1 && !item.targets[0]?.type);
