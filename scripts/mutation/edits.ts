/** Single changes of a line of code, as a table, and the seeded draw of some of them from all that are possible. */

import { random } from '../../runtime/sample.ts';

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
  { name: 'argument swap', from: /(?<=\w)\(([\w!.]+), ([\w!.]+)(?=[,)])/g, to: ['($2, $1'] },
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

export const keyOf = ({ file, before, after }: Mutation): string => `${file}: ${before} -> ${after}`;

/** What computes nothing: comments, imports, types, and what is only said. */
const isIdle = (line: string): boolean =>
  /^\s*(?:\/\/|\/?\*|import |export (?:type|interface) |type |interface |readonly |\} from|doc: |trace\()/.test(
    line,
  ) || /new (?:Bug|TypeError|RangeError)\(|\berror\(|\bfail\(|\btrace\(|\bbroken\(|hint|message/.test(line);

function changed(found: RegExpMatchArray, to: string): string {
  const [whole] = found;
  if (to === '+1' || to === '-1') return String(Number(whole) + Number(to));
  if (to === 'x2') return String(Number(whole) * 2);
  return to.replace(/\$(\d)/g, (_, i) => found[Number(i)] ?? '');
}

export function mutationsOf(file: string, text: string): readonly Mutation[] {
  const all: Mutation[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (isIdle(line)) continue;
    for (const { name, from, to } of edits) {
      for (const found of line.matchAll(from)) {
        for (const target of to) {
          const put = changed(found, target);
          const after = line.slice(0, found.index) + put + line.slice(found.index + found[0].length);
          if (after === line) continue;
          all.push({ file, line: i + 1, edit: name, before: line.trim(), after: after.trim() });
        }
      }
    }
  }
  return all;
}

/** `count` of them, no line twice; each line is as likely as another, however many ways it has to be wrong. */
export function draw(all: readonly Mutation[], count: number, seed: number): readonly Mutation[] {
  const next = random(seed);
  const byLine = new Map<string, Mutation[]>();
  for (const m of all) {
    const place = `${m.file}:${m.line}`;
    byLine.set(place, [...(byLine.get(place) ?? []), m]);
  }
  const lines = [...byLine.values()];
  const drawn: Mutation[] = [];
  while (drawn.length < count && lines.length > 0) {
    const [ways] = lines.splice(Math.floor(next() * lines.length), 1) as [Mutation[]]; // one is there
    drawn.push(ways[Math.floor(next() * ways.length)]!);
  }
  return drawn;
}

export function applied(text: string, { line, before, after }: Mutation): string {
  const lines = text.split('\n');
  lines[line - 1] = lines[line - 1]!.replace(before, () => after);
  return lines.join('\n');
}
