/** The one canonical form of a spec: its tree laid out anew, its comments and single blank lines kept. */

import type { Comment, File } from './ast.ts';
import { type Arm, armsOf, onOneLine, type Part, single } from './format_arm.ts';
import { areAkin, type Columns, columnsOf, isLeaf, type Leaf, ownColumns } from './format_item.ts';
import { lex } from './lex.ts';
import { append } from './long_list.ts';
import { type Doc, prettyText } from './pretty.ts';
import { signs } from './tokens.ts';

const lineWidth = 110;
/** Longest `if`, `for` or `config` that stands on one line. */
const longestOneLine = 80;
/** Where comments behind code begin. */
const commentColumn = 60;

/** `parse(format(file))` is the same tree, and `format` of that the same text. */
export function format(file: File): string {
  const page = new Page(file);
  page.body(file.declarations, file.source.text.length, 0);
  return page.lines.length === 0 ? '' : `${page.lines.join('\n')}\n`;
}

/** Offsets of a `{` and of its `}`. */
interface Braces {
  readonly open: number;
  readonly close: number;
}

class Page {
  readonly lines: string[] = [];
  private readonly text: string;
  /** Comments not yet written, the next one last. */
  private readonly comments: Comment[];
  private readonly braces: readonly Braces[];

  constructor({ source, comments }: File) {
    this.text = source.text;
    this.comments = [...comments].reverse();
    this.braces = bracesOf(source);
  }

  /** Writes the parts of a body, and the comments up to its end. */
  body(parts: readonly Part[], end: number, depth: number): void {
    const columns = this.columns(parts);
    let last: number | undefined;
    const separate = (start: number): void => {
      if (last !== undefined && hasBlankLine(this.text.slice(last, start))) this.lines.push('');
    };
    const own = ({ text, span }: Comment): void => {
      separate(span.start);
      this.push(text, depth);
      last = span.end;
    };
    for (const [i, part] of parts.entries()) {
      this.take(part.span.start).forEach(own);
      separate(part.span.start);
      const arms = armsOf(part);
      const places = this.places(arms);
      // what stands inside a line moves above it
      for (const { text } of this.take(places[0]?.open ?? part.span.end)) this.push(text, depth);
      if (arms.length > 0) this.arms(part, arms, places, depth);
      else this.write(single(part, columns[i] ?? ownColumns), depth);
      const left = this.take(part.span.end);
      for (const { text } of left) this.push(text, depth);
      last = left.length > 0 ? part.span.end : this.trail(part.span.end);
    }
    this.take(end).forEach(own);
  }

  private arms(part: Part, arms: readonly Arm[], places: readonly Braces[], depth: number): void {
    const whole = this.joined(part, arms, places[0]!.open, places.at(-1)!.close, depth);
    if (whole !== undefined) {
      this.push(whole, depth);
      return;
    }
    // `if rank == none { q: Linear(dim, n) }`, and below it a longer `else { ... }`
    const [first, second] = places;
    const ahead =
      arms.length === 2 ? this.joined(part, arms.slice(0, 1), first!.open, second!.open, depth) : undefined;
    if (ahead !== undefined) this.push(ahead, depth);
    for (const [i, { head, parts }] of arms.entries()) {
      if (i === 0 && ahead !== undefined) continue;
      const { open, close } = places[i]!;
      const end = places[i + 1]?.open ?? close;
      if (arms.length === 1 && parts.length === 0 && !this.holdsComment(open, end)) {
        this.write([head, ' {}'], depth);
        return;
      }
      this.write([i > 0 && ahead === undefined ? '} ' : '', head, ' {'], depth);
      this.trail(open + 1);
      this.body(parts, end, depth + 1);
    }
    this.push('}', depth);
  }

  private joined(part: Part, arms: readonly Arm[], start: number, end: number, depth: number) {
    const text = this.holdsComment(start, end) ? undefined : onOneLine(part, arms);
    return text !== undefined && text.length + 2 * depth <= longestOneLine ? text : undefined;
  }

  private places(arms: readonly Arm[]): readonly Braces[] {
    const found: Braces[] = [];
    for (const { after } of arms) found.push(this.bracesAfter(after ?? found.at(-1)!.close));
    return found;
  }

  private bracesAfter(offset: number): Braces {
    let low = 0;
    let high = this.braces.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.braces[middle]!.open < offset) low = middle + 1;
      else high = middle;
    }
    return this.braces[low]!;
  }

  /** Columns are shared by neighbours of one kind with no blank line between them. */
  private columns(parts: readonly Part[]): readonly Columns[] {
    const all: Columns[] = [];
    let aligned: Leaf[] = [];
    for (const [i, part] of parts.entries()) {
      const before = parts[i - 1];
      const between = before ? this.text.slice(before.span.end, part.span.start) : '';
      if (!before || !areAkin(before, part) || hasBlankLine(between)) {
        append(all, columnsOf(aligned));
        aligned = [];
      }
      if (isLeaf(part)) aligned.push(part);
      else all.push(ownColumns);
    }
    return [...all, ...columnsOf(aligned)];
  }

  private write(doc: Doc, depth: number): void {
    this.push(prettyText(doc, 2 * depth, lineWidth), depth);
  }

  private push(text: string, depth: number): void {
    this.lines.push(`${' '.repeat(2 * depth)}${text}`);
  }

  /** Comments that begin before `end` and are not written yet. */
  private take(end: number): readonly Comment[] {
    const taken: Comment[] = [];
    for (let next = this.comments.at(-1); next && next.span.start < end; next = this.comments.at(-1)) {
      taken.push(next);
      this.comments.pop();
    }
    return taken;
  }

  /** Writes the comment that follows on the line of `end`, if there is one; returns the offset up to which the text is written. */
  private trail(end: number): number {
    const next = this.comments.at(-1);
    if (!next || !/^[ \t]*$/.test(this.text.slice(end, next.span.start))) return end;
    this.comments.pop();
    const lines = (this.lines.pop() ?? '').split('\n');
    const code = lines.pop() ?? '';
    this.lines.push([...lines, `${code.padEnd(commentColumn - 2)}  ${next.text}`].join('\n'));
    return next.span.end;
  }

  private holdsComment(start: number, end: number): boolean {
    return this.comments.some(({ span }) => span.start >= start && span.start < end);
  }
}

const hasBlankLine = (text: string): boolean => /\n[ \t\r]*\n/.test(text);

function bracesOf(source: File['source']): readonly Braces[] {
  const braces: { open: number; close: number }[] = [];
  const unclosed: { open: number; close: number }[] = [];
  for (const { tokenType, startOffset } of lex(source).tokens) {
    if (tokenType === signs.openBrace) {
      const pair = { open: startOffset, close: startOffset };
      braces.push(pair);
      unclosed.push(pair);
    } else if (tokenType === signs.closeBrace) {
      const pair = unclosed.pop();
      if (pair) pair.close = startOffset;
    }
  }
  return braces;
}
