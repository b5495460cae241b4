/** Columns of text: names to the left, numbers to the right; on a terminal as wide as it is. */

import { columnsOf } from '../../driver/text_columns.ts';
import { largest } from '../../spec/long_list.ts';
import { padded, widthOf, wrapped } from './terminal.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

type Row = readonly string[];

const gap = '  ';
/** The least width to which a column of text is narrowed. */
const narrowestColumn = 16;

/** Formats a table for `stdout`, unless a width is given; with `Infinity` lines have any length. */
export function table(
  columns: readonly Column[],
  rows: readonly Row[],
  width = widthOf(process.stdout) ?? Number.POSITIVE_INFINITY,
): string {
  const wanted = columns.map(({ title }, i) =>
    largest(
      rows.map((row) => columnsOf(row[i] ?? '')),
      columnsOf(title),
    ),
  );
  const widths = narrowed(columns, rows, wanted, width);
  if (totalOf(widths) > width) return records(columns, rows, width);
  const lines = [columns.map((c) => c.title), ...rows].flatMap((row) => rowLines(columns, row, widths));
  return lines.join('\n');
}

const totalOf = (widths: readonly number[]): number =>
  widths.reduce((sum, w) => sum + w, 0) + gap.length * (widths.length - 1);

/** Narrows the widest columns of text first: down to their longest words, and further only where that is not enough. */
function narrowed(
  columns: readonly Column[],
  rows: readonly Row[],
  wanted: readonly number[],
  width: number,
): readonly number[] {
  const words = wanted.map((_, i) =>
    largest(rows.flatMap((row) => (row[i] ?? '').split(' ').map(columnsOf))),
  );
  const widths = [...wanted];
  for (const least of [words.map((w) => Math.max(w, narrowestColumn)), words.map(() => narrowestColumn)]) {
    while (totalOf(widths) > width) {
      const texts = widths.flatMap((w, i) => (columns[i]!.align === 'right' || w <= least[i]! ? [] : [i]));
      if (texts.length === 0) break;
      const widest = texts.reduce((a, b) => (widths[b]! > widths[a]! ? b : a));
      widths[widest]!--;
    }
  }
  return widths;
}

/** A row is as many lines as its longest cell. */
function rowLines(columns: readonly Column[], row: Row, widths: readonly number[]): readonly string[] {
  const cells = columns.map((_, i) => wrapped(row[i] ?? '', widths[i]!));
  const height = cells.reduce((most, lines) => Math.max(most, lines.length), 1);
  return Array.from({ length: height }, (_, n) =>
    columns
      .map(({ align }, i) => {
        const text = cells[i]![n] ?? '';
        return align === 'right'
          ? ' '.repeat(Math.max(0, widths[i]! - columnsOf(text))) + text
          : padded(text, widths[i]!);
      })
      .join(gap)
      .trimEnd(),
  );
}

/** A table that is still too wide is written row by row: the first cell, and below it the others with their titles. */
function records(columns: readonly Column[], rows: readonly Row[], width: number): string {
  return rows
    .flatMap(([first = '', ...rest]) => {
      const named = rest.flatMap((cell, i) => {
        const { title } = columns[i + 1]!;
        return cell === '' ? [] : [title === '' ? cell : `${title} ${cell}`];
      });
      const below = wrapped(named.join(', '), Math.max(1, width - gap.length)).map((line) => gap + line);
      return [...wrapped(first, Math.max(1, width)), ...(named.length > 0 ? below : [])];
    })
    .join('\n');
}
