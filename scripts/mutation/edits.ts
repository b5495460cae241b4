/** Single changes of a line of code, as a table, and the seeded draw of some of them from all that are possible. */

import { basename } from 'node:path';
import { random } from '../../runtime/sample.ts';
import { idleSpans, type Span } from './idle.ts';

/** One way to be wrong: every place where `from` matches may become each of `to`. */
interface Edit {
  readonly name: string;
  readonly from: RegExp;
  readonly to: readonly string[];
}

const swaps: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  comparison: [
    ['===', '!=='],
    [' < ', ' <= '],
    [' <= ', ' < '],
    [' > ', ' >= '],
    [' >= ', ' > '],
    [' && ', ' || '],
    [' || ', ' && '],
    ["'Less'", "'LessOrEqual'"],
    ["'LessOrEqual'", "'Less'"],
    ['.lt(', '.le('],
    ['.le(', '.lt('],
  ],
  sign: [
    [' + ', ' - '],
    [' - ', ' + '],
    [' * ', ' / '],
    [' / ', ' * '],
    ["'Add'", "'Sub'"],
    ["'Sub'", "'Add'"],
    ['.add(', '.sub('],
    ['.sub(', '.add('],
    ["'Neg'", "'Abs'"],
  ],
  cast: [
    ["'float32'", "'float16'"],
    ["'int64'", "'bool'"],
    ['.float()', ''],
    ['.type_as(x)', ''],
  ],
};

const literal = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g');

export const edits: readonly Edit[] = [
  ...Object.entries(swaps).flatMap(([name, pairs]) =>
    pairs.map(([from, to]): Edit => ({ name, from: literal(from), to: [to] })),
  ),
  { name: 'operand order', from: /\[([\w!.]+), ([\w!.]+)\]/g, to: ['[$2, $1]'] },
  { name: 'operand order', from: /(?<=\w)\(([\w!.]+), ([\w!.]+)(?=[,)])/g, to: ['($2, $1'] },
  { name: 'axis', from: /(?<=axis: (?:\{ i: )?|dim=|, )(-?\d)(?=[ ,)}'\]])/g, to: ['0', '1', '2', '-1'] },
  { name: 'plus or minus one', from: /(?<![\w.$'-])\d+(?![\w.'])/g, to: ['+1', '-1'] },
  { name: 'constant', from: /(?<![\w.])\d+\.\d+(?:e[+-]?\d+)?(?!\w)/g, to: ['x2'] },
  { name: 'dropped term', from: / [+*-] [\w.!]+(?:\([\w.!, ]*\))?(?=[,;)])/g, to: [''] },
];

export interface Mutation {
  readonly file: string;
  /** From one. */
  readonly line: number;
  readonly edit: string;
  readonly before: string;
  readonly after: string;
}

/** By the file's name alone, so that a move of the file changes nothing. */
export const keyOf = ({ file, before, after }: Pick<Mutation, 'file' | 'before' | 'after'>): string =>
  `${basename(file)}: ${before} -> ${after}`;

function changed(found: RegExpMatchArray, to: string): string {
  const [whole] = found;
  if (to === '+1' || to === '-1') return String(Number(whole) + Number(to));
  if (to === 'x2') return String(Number(whole) * 2);
  return to.replace(/\$(\d)/g, (_, i) => found[Number(i)] ?? '');
}

export function mutationsOf(file: string, text: string): readonly Mutation[] {
  const idle = idleSpans(file, text);
  const all: Mutation[] = [];
  let start = 0;
  for (const [i, line] of text.split('\n').entries()) {
    const own = idle.filter(([from, to]) => from < start + line.length && to > start);
    for (const { name, from, to } of edits) {
      for (const found of line.matchAll(from)) {
        const at = start + found.index;
        if (own.some((span) => meets(span, at, at + found[0].length))) continue;
        for (const target of to) {
          const put = changed(found, target);
          const after = line.slice(0, found.index) + put + line.slice(found.index + found[0].length);
          if (after === line || Number(put) === Number(found[0])) continue;
          all.push({ file, line: i + 1, edit: name, before: line.trim(), after: after.trim() });
        }
      }
    }
    start += line.length + 1;
  }
  return all;
}

const meets = ([from, to]: Span, start: number, end: number): boolean => from < end && to > start;

/** All of them, in a seeded order without end to the kinds of edit: each kind as often as another, each of its lines as likely, no line twice. */
export function* drawn(all: readonly Mutation[], seed: number): Generator<Mutation> {
  const next = random(seed);
  const pick = <T>(list: T[]): T => list.splice(Math.floor(next() * list.length), 1)[0]!; // none is empty
  const struck = new Set<string>();
  const kinds = new Map<string, Mutation[][]>();
  for (const name of new Set(edits.map((e) => e.name))) {
    const lines = new Map<string, Mutation[]>();
    for (const m of all) if (m.edit === name) lines.set(placeOf(m), [...(lines.get(placeOf(m)) ?? []), m]);
    if (lines.size > 0) kinds.set(name, [...lines.values()]);
  }
  let order: string[] = [];
  while (kinds.size > 0) {
    if (order.length === 0) order = [...kinds.keys()];
    const name = pick(order);
    const lines = kinds.get(name)?.filter(([first]) => !struck.has(placeOf(first!))) ?? [];
    if (lines.length === 0) {
      kinds.delete(name);
      continue;
    }
    const mutation = pick([...pick(lines)]);
    struck.add(placeOf(mutation));
    yield mutation;
  }
}

const placeOf = ({ file, line }: Mutation): string => `${file}:${line}`;

export function applied(text: string, { line, before, after }: Mutation): string {
  const lines = text.split('\n');
  lines[line - 1] = lines[line - 1]!.replace(before, () => after);
  return lines.join('\n');
}
