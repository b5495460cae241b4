/** Columns of text: names to the left, numbers to the right. */

import { largest } from '../spec/long_list.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, i) =>
    largest(
      rows.map((r) => (r[i] ?? '').length),
      title.length,
    ),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, i) =>
        align === 'right' ? (cells[i] ?? '').padStart(widths[i]!) : (cells[i] ?? '').padEnd(widths[i]!),
      )
      .join('  ')
      .trimEnd();
  return [line(columns.map((c) => c.title)), ...rows.map(line)].join('\n');
}
