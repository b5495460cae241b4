/** Removes the piece of a text that has an error, so that further errors are independent of it. */

import { createTokenInstance, type IToken, type TokenType } from 'chevrotain';
import type { Source } from './source.ts';
import { signs } from './tokens.ts';

/** Productions that begin on a new line. */
const boundaries: ReadonlySet<string> = new Set([
  'file',
  'model',
  'items',
  'item',
  'config',
  'checkpoint',
  'statements',
  'statement',
]);

/** Where an error is, which is not always where the parser noticed it. */
export interface ErrorPlace {
  /** Index of the token; -1 at the end of the file. */
  readonly at: number;
  /** Whether its line ends too early, in the middle of something. */
  readonly early: boolean;
  /** Whether a value is missing there, whatever the parser expected later. */
  readonly value: boolean;
}

export function errorPlace(
  source: Source,
  tokens: readonly IToken[],
  found: IToken,
  rules: readonly string[],
): ErrorPlace {
  const at = tokens.indexOf(found);
  const inside = !boundaries.has(rules.at(-1) ?? 'file');
  if (at > 0 && inside && startsAnew(source, tokens, at)) return { at: at - 1, early: true, value: false };
  // `head = dim /`, and on the next line `rope: ...`
  const named = found.tokenType === signs.colon || found.tokenType === signs.equals;
  const dangling = at > 1 && named && startsAnew(source, tokens, at - 1) && wantsValue(tokens[at - 2]!);
  return dangling ? { at: at - 2, early: true, value: true } : { at, early: false, value: false };
}

/** Whether a token begins a line that is indented no further than the one before it. */
function startsAnew({ text }: Source, tokens: readonly IToken[], at: number): boolean {
  const start = tokens[at]!.startOffset;
  const line = text.lastIndexOf('\n', start - 1) + 1;
  const before = tokens[at - 1]!.startOffset;
  const lineBefore = text.lastIndexOf('\n', before - 1) + 1;
  const indentation = text.slice(lineBefore).search(/\S/);
  return text.slice(line, start).trim() === '' && lineBefore < line && start - line <= indentation;
}

const wantsValue = ({ image }: IToken): boolean =>
  /^(?:[-+*/%@=<>!]+|and|or|not|if|then|else|in|return)$/.test(image);

const brackets: ReadonlyMap<TokenType, number> = new Map([
  [signs.open, 1],
  [signs.openBracket, 1],
  [signs.close, -1],
  [signs.closeBracket, -1],
]);
const braces: ReadonlyMap<TokenType, number> = new Map([
  [signs.openBrace, 1],
  [signs.closeBrace, -1],
]);
/** The number of opening braces minus that of closing ones. */
export const depth = (tokens: readonly IToken[]): number =>
  tokens.reduce((sum, t) => sum + (braces.get(t.tokenType) ?? 0), 0);

interface Line {
  readonly column: number;
  /** Indices of its first token, and of the one after its last. */
  readonly from: number;
  readonly to: number;
}

/** The tokens without the lines of the item or statement around `at`; undefined when nothing can be taken out. */
export function without(source: Source, tokens: readonly IToken[], at: number): IToken[] | undefined {
  const lines = linesOf(source, tokens);
  const found = lines.findIndex(({ from, to }) => at >= from && at < to);
  if (found < 0) return undefined;
  let first = found;
  while (first > 0 && continues(tokens, lines[first - 1]!, lines[first]!)) first--;
  const { column, from } = lines[first]!;
  let last = found;
  while ((lines[last + 1]?.column ?? 0) > column && !endsWithBrace(tokens, lines[last]!)) last++;
  const to = Math.max(lines[last]!.to, closing(tokens, from, lines[last]!.to));
  const piece = tokens.slice(from, to);
  const unopened = Math.max(0, -depth(piece));
  const kept = piece.filter((t) => t.tokenType === signs.closeBrace).slice(0, unopened);
  return [...tokens.slice(0, from), ...kept, ...tokens.slice(to)];
}

/** A `{` without its `}`, as the indentation shows it. */
export interface Unclosed {
  readonly brace: IToken;
  /** The first token that stands too far left to be inside. */
  readonly next: IToken;
  /** The tokens with the `}` in its place. */
  readonly closed: IToken[];
}

/**
 * The first brace that is still open where a line begins no further right than the line of the brace, or a `}` further
 * left, up to the line of `at`; undefined where as many braces close as open.
 */
export function unclosed(source: Source, tokens: readonly IToken[], at: number): Unclosed | undefined {
  if (depth(tokens) <= 0) return undefined;
  const open: { readonly column: number; readonly brace: IToken }[] = [];
  for (const { column, from, to } of linesOf(source, tokens)) {
    if (at >= 0 && from > at) return undefined;
    const [next, around] = [tokens[from]!, open.at(-1)];
    const inside = around && (next.tokenType === signs.closeBrace ? around.column : around.column + 1);
    if (around && inside && column < inside) {
      const end = (tokens[from - 1]!.endOffset ?? next.startOffset) + 1;
      const close = createTokenInstance(signs.closeBrace, '}', end, end - 1, ...nowhere);
      return {
        ...{ brace: around.brace, next },
        closed: [...tokens.slice(0, from), close, ...tokens.slice(from)],
      };
    }
    for (const brace of tokens.slice(from, to)) {
      if (brace.tokenType === signs.openBrace) open.push({ column, brace });
      if (brace.tokenType === signs.closeBrace) open.pop();
    }
  }
  return undefined;
}

/** Lines and columns are counted from offsets here. */
const nowhere = [Number.NaN, Number.NaN, Number.NaN, Number.NaN] as const;

/** Whether a line goes on with what the line before began: inside its brackets, or indented further. */
function continues(tokens: readonly IToken[], before: Line, line: Line): boolean {
  if (endsWithBrace(tokens, before)) return false;
  return line.column > before.column || isOpen(tokens, line.from);
}

/** Whether a bracket is open before a token. */
function isOpen(tokens: readonly IToken[], at: number): boolean {
  let open = 0;
  for (let i = at - 1; i >= 0 && open <= 0; i--) {
    const { tokenType } = tokens[i]!;
    if (braces.has(tokenType)) return false;
    open += brackets.get(tokenType) ?? 0;
  }
  return open > 0;
}

const endsWithBrace = (tokens: readonly IToken[], { to }: Line): boolean =>
  tokens[to - 1]?.tokenType === signs.openBrace;

/** Index behind the `}` of what is opened in a piece and not closed in it. */
function closing(tokens: readonly IToken[], from: number, to: number): number {
  let open = depth(tokens.slice(from, to));
  let end = to;
  for (; open > 0 && end < tokens.length; end++) open += braces.get(tokens[end]!.tokenType) ?? 0;
  return end;
}

function linesOf({ text }: Source, tokens: readonly IToken[]): readonly Line[] {
  const lines: Line[] = [];
  for (const [i, { startOffset }] of tokens.entries()) {
    const begin = text.lastIndexOf('\n', startOffset - 1) + 1;
    const last = lines.at(-1);
    const same = last && text.lastIndexOf('\n', tokens[last.from]!.startOffset - 1) + 1 === begin;
    if (last && same) lines[lines.length - 1] = { ...last, to: i + 1 };
    else lines.push({ column: startOffset - begin, from: i, to: i + 1 });
  }
  return lines;
}
