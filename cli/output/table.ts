/** Columns of text: names to the left, numbers to the right; on a terminal as wide as it is. */

import { largest } from '../../spec/long_list.ts';
import { columnsOf, padded, widthOf, wrapped } from './terminal.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

type Row = readonly string[];

const gap = '  ';
/** A column of text is not made narrower than that. */
const narrowestColumn = 16;

/** For `stdout`, unless a width is given; `Infinity` leaves every line as long as it is. */
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

/** The widest columns of text give way first: down to their longest words, and through them only where that is not enough. */
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

/** Where even that is too wide: a row is its first cell, and below it what the others are. */
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
