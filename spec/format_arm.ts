/** How the formatter writes what has braces: the head before them, and when a body stays on the line. */

import type { Branch, Choose, File, Item, Model, Statement } from './ast.ts';
import { Bug } from './diagnostic.ts';
import { expr, names, quoted, signature } from './format_expr.ts';
import { type Columns, flat, isLeaf, type Leaf, leaf, ownColumns } from './format_item.ts';
import { align, type Doc, listed } from './pretty.ts';

/** Everything that begins on a line of its own. */
export type Part = File['declarations'][number] | Model['body'][number] | Leaf | Item | Statement;

/** One `{ ... }` with its head; an `if` has one for each of its branches. */
export interface Arm {
  readonly head: Doc;
  readonly parts: readonly Part[];
  /** Offset that its `{` comes after; an `else` comes after the arm before. */
  readonly after?: number;
}

/** The arms of a part with braces; none for a part without. */
export function armsOf(part: Part): readonly Arm[] {
  const after = part.span.start;
  switch (part.kind) {
    case 'Model':
      return [{ head: ['model ', part.name.text], parts: part.body, after }];
    case 'Block': {
      const params = part.params.map((p) => [p.name.text, p.value ? [' = ', expr(p.value)] : '']);
      const list = params.length > 0 ? ['(', align(listed(params)), ')'] : '';
      return [{ head: ['block ', part.name.text, list], parts: part.items, after }];
    }
    case 'Config':
      return [
        { head: part.from ? `config from ${quoted(part.from)}` : 'config', parts: part.entries, after },
      ];
    case 'Checkpoint':
      return [{ head: 'checkpoint', parts: part.entries, after }];
    case 'Function':
    case 'Forward':
      return part.body.kind === 'Statements' ? [{ head: called(part), parts: part.body.body, after }] : [];
    case 'For': {
      const head = ['for ', names(part.binder), ' in ', align(expr(part.over))];
      return [{ head, parts: part.body.body, after }];
    }
    case 'Branch':
    case 'Choose':
      return armsOfIf(part);
    default:
      return [];
  }
}

/** `if`, each `else if`, and `else`; an `if` alone in an `else` is an `else if`. */
function armsOfIf(first: Branch | Choose): readonly Arm[] {
  const arms: Arm[] = [];
  let way = first;
  for (;;) {
    const head: Doc = [arms.length === 0 ? 'if ' : 'else if ', align(expr(way.test))];
    arms.push({ head, parts: way.kind === 'Branch' ? way.then : way.then.body, after: way.test.span.end });
    if (!way.else) return arms;
    const other: readonly Part[] = way.kind === 'Branch' ? way.else : way.else.body;
    const [only] = other;
    if (other.length !== 1 || (only?.kind !== 'Branch' && only?.kind !== 'Choose')) {
      arms.push({ head: 'else', parts: other });
      return arms;
    }
    way = only;
  }
}

const called = (f: Extract<Part, { kind: 'Function' | 'Forward' }>): Doc => [
  f.kind === 'Function' ? `fn ${f.name.text}` : 'forward',
  signature(f.signature),
];

/** A part without braces, as one line. */
export function single(part: Part, columns: Columns): Doc {
  if (part.kind === 'Include') return `include ${quoted(part.path)} as ${part.name.text}`;
  if (isLeaf(part)) return leaf(part, columns);
  if ((part.kind === 'Function' || part.kind === 'Forward') && part.body.kind !== 'Statements') {
    return [called(part), ' = ', align(expr(part.body))];
  }
  throw new Bug(`${part.kind} has braces and no line of its own`);
}

const joins: ReadonlySet<Part['kind']> = new Set(['Branch', 'Choose', 'For', 'Config', 'Checkpoint']);

/** A part on one line, if each arm holds one thing: `if first { x = 1 } else { x = 2 }`. */
export function onOneLine(part: Part, arms: readonly Arm[]): string | undefined {
  const texts: string[] = [];
  for (const { head, parts } of arms) {
    const [only, second] = parts;
    if (!only || second || !isLeaf(only)) return undefined;
    texts.push(`${flat(head)} { ${flat(leaf(only, ownColumns))} }`);
  }
  return joins.has(part.kind) ? texts.join(' ') : undefined;
}
