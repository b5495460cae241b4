/** A pretty printer: documents are written on one line where they fit, and broken at their line breaks where they do not. */

import { append } from './long_list.ts';

/** A document; an array is a sequence of documents. */
export type Doc = string | readonly Doc[] | Line | Group | Align | Fill;

/** A space, or a line end in a broken group. */
interface Line {
  readonly kind: 'line';
}
/** Written flat if all of it fits on the line, and otherwise broken at each of its own lines. */
interface Group {
  readonly kind: 'group';
  readonly doc: Doc;
}
/** Further lines inside begin in the column in which this begins. */
interface Align {
  readonly kind: 'align';
  readonly doc: Doc;
}
/** Pieces with spaces between, broken only before one that does not fit; those from `next` on are not written yet. */
interface Fill {
  readonly kind: 'fill';
  readonly pieces: readonly Piece[];
  readonly next: number;
}
export interface Piece {
  readonly doc: Doc;
  /** Further indentation when it begins a line. */
  readonly nest?: number;
}

export const line: Doc = { kind: 'line' };
export const group = (...doc: readonly Doc[]): Doc => ({ kind: 'group', doc });
export const align = (...doc: readonly Doc[]): Doc => ({ kind: 'align', doc });
export const fill = (pieces: readonly Piece[]): Doc => ({ kind: 'fill', pieces, next: 0 });

/** `a, b, c`, broken after commas. */
export const listed = (docs: readonly Doc[]): Doc =>
  fill(docs.map((doc, i) => ({ doc: i < docs.length - 1 ? [doc, ','] : doc })));

interface Task {
  readonly indent: number;
  readonly flat: boolean;
  readonly doc: Doc;
}

const isRow = (doc: Doc): doc is readonly Doc[] => Array.isArray(doc);

/** The text of a document that begins in `column`; its further lines include their whole indentation. */
export function prettyText(doc: Doc, column: number, width: number): string {
  const tasks: Task[] = [{ indent: column, flat: false, doc: group(doc) }];
  let at = column;
  let text = '';
  const write = (more: string): void => {
    text += more;
    at += more.length;
  };
  const newline = (indent: number): void => {
    text += `\n${' '.repeat(indent)}`;
    at = indent;
  };
  for (let task = tasks.pop(); task; task = tasks.pop()) {
    const { indent, flat, doc } = task;
    if (typeof doc === 'string') write(doc);
    else if (isRow(doc)) append(tasks, doc.map((part) => ({ indent, flat, doc: part })).reverse());
    else if (doc.kind === 'align') tasks.push({ indent: at, flat, doc: doc.doc });
    else if (doc.kind === 'line') {
      if (flat) write(' ');
      else newline(indent);
    } else if (doc.kind === 'group') {
      const whole = { indent, flat: true, doc: doc.doc };
      tasks.push(flat || fits(width - at, whole, tasks) ? whole : { ...whole, flat: false });
    } else {
      const piece = doc.pieces[doc.next];
      if (!piece) continue;
      if (doc.next + 1 < doc.pieces.length) tasks.push({ ...task, doc: { ...doc, next: doc.next + 1 } });
      const whole = { indent, flat: true, doc: piece.doc };
      if (doc.next > 0 && (flat || fits(width - at - 1, whole, tasks))) write(' ');
      else if (doc.next > 0) newline(indent + (piece.nest ?? 0));
      tasks.push({ indent, flat, doc: group(piece.doc) });
    }
  }
  return text;
}

/** Whether a piece and what follows it up to the next place where a line may end are within `room` columns. */
function fits(room: number, first: Task, after: readonly Task[]): boolean {
  const tasks: Task[] = [first];
  let below = after.length;
  for (let left = room; left >= 0; ) {
    const task = tasks.pop() ?? after[--below];
    if (!task) return true;
    const { indent, flat, doc } = task;
    if (typeof doc === 'string') left -= doc.length;
    else if (isRow(doc)) append(tasks, doc.map((part) => ({ indent, flat, doc: part })).reverse());
    else if (doc.kind === 'align' || doc.kind === 'group') tasks.push({ indent, flat, doc: doc.doc });
    else if (doc.kind === 'line') {
      if (!flat) return true;
      left -= 1;
    } else {
      if (!flat && doc.next > 0) return true;
      const { pieces, next } = doc;
      const piece = pieces[next];
      if (!piece) continue;
      if (next > 0) left -= 1;
      if (next + 1 < pieces.length) tasks.push({ indent, flat, doc: { ...doc, next: next + 1 } });
      tasks.push({ indent, flat, doc: piece.doc });
    }
  }
  return false;
}
