/** A text with a name, and places in it. */

export interface Source {
  /** What diagnostics print before the line number: a path as the user typed it, or `prelude.nanospec`. */
  readonly name: string;
  readonly text: string;
}

/** Half-open range of UTF-16 offsets into `source.text`. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** What has a place in a text. */
export interface Located {
  readonly span: Span;
}

/** Line and column of an offset, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export function position(source: Source, offset: number): Position {
  const before = source.text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 };
}

/** The smallest span that covers both. */
export function join(a: Span, b: Span): Span {
  return { source: a.source, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}

export function textOf(span: Span): string {
  return span.source.text.slice(span.start, span.end);
}
