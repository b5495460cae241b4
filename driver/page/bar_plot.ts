/** Horizontal bars with their names and figures, as SVG. */

import { escaped, tag } from './html_tag.ts';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The value with its unit. */
  readonly text: string;
  readonly color: number;
}

const width = 640;
const rowHeight = 40;
const textRoom = 110;

export function barPlot(title: string, bars: readonly Bar[]): string {
  const longest = bars.reduce((sum, bar) => Math.max(sum, bar.value), 0) || 1;
  const rows = bars.map(({ name, value, text, color }, i) => {
    const y = i * rowHeight;
    const length = Math.max(2, (value / longest) * (width - textRoom)).toFixed(1);
    return [
      `<text class="tick" x="0" y="${y + 13}">${escaped(name)}</text>`,
      `<rect class="bar c${color % 6}" x="0" y="${y + 19}" width="${length}" height="13" rx="3"/>`,
      `<text class="name" x="${(Number(length) + 10).toFixed(1)}" y="${y + 31}">${escaped(text)}</text>`,
    ].join('');
  });
  return tag(
    'svg',
    `viewBox="0 0 ${width} ${rowHeight * bars.length}" role="img" aria-label="${escaped(title)}"`,
    ...rows,
  );
}
