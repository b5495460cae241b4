/** Lines over an axis of counts, as SVG: each point with the quartiles around it, each line with its name at the end. */

import { escaped, tag } from './html_tag.ts';
import { ticksTo } from './ticks.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  /** Which colour it has; lines that belong together share one. */
  readonly color: number;
  /** A bound, and not a measurement. */
  readonly dashed?: boolean;
}

export interface LinePlot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
}

const [width, height] = [640, 360];
const frame = { left: 64, right: 158, top: 34, bottom: 46 } as const;
/** Names at the ends of lines keep this distance. */
const nameHeight = 16;
const longestName = 19;

const short = (n: number): string => Number(n.toPrecision(3)).toLocaleString('en');
const at = (n: number): string => n.toFixed(1);

export function linePlot({ title, x, y, lines }: LinePlot): string {
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map((p) => p.x))].sort((a, b) => a - b);
  const ticks = ticksTo(points.reduce((most, p) => Math.max(most, p.y, p.high ?? 0), 0));
  const [right, bottom] = [width - frame.right, height - frame.bottom];
  const [first, last] = [Math.log(xs[0] ?? 1), Math.log(xs.at(-1) ?? 1)];
  // Contexts and batches double rather than grow by steps.
  const across = (value: number): number =>
    first === last
      ? (frame.left + right) / 2
      : frame.left + ((Math.log(value) - first) / (last - first)) * (right - frame.left);
  const up = (value: number): number => bottom - (value / (ticks.at(-1) ?? 1)) * (bottom - frame.top);
  const grid = ticks.map((tick) =>
    [
      `<line class="grid" x1="${frame.left}" x2="${right}" y1="${at(up(tick))}" y2="${at(up(tick))}"/>`,
      `<text class="tick" x="${frame.left - 8}" y="${at(up(tick) + 4)}" text-anchor="end">${short(tick)}</text>`,
    ].join(''),
  );
  const marks = xs.map(
    (value) =>
      `<text class="tick" x="${at(across(value))}" y="${bottom + 18}" text-anchor="middle">${value.toLocaleString('en')}</text>`,
  );
  return tag(
    'svg',
    `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}"`,
    ...grid,
    ...marks,
    `<text class="axis" x="${(frame.left + right) / 2}" y="${height - 8}" text-anchor="middle">${escaped(x)}</text>`,
    `<text class="axis" x="0" y="14">${escaped(y)}</text>`,
    ...lines.map((line) => drawn(line, across, up)),
    ...names(lines, right, up),
  );
}

function drawn(
  { name, points, color, dashed = false }: Line,
  across: (x: number) => number,
  up: (y: number) => number,
): string {
  const path = points.map((p) => `${at(across(p.x))},${at(up(p.y))}`).join(' ');
  const dots = points.map((p) => {
    const x = at(across(p.x));
    const range =
      p.low === undefined || p.high === undefined
        ? ''
        : `<line class="range" x1="${x}" x2="${x}" y1="${at(up(p.low))}" y2="${at(up(p.high))}"/>`;
    const dot = dashed ? '' : `<circle cx="${x}" cy="${at(up(p.y))}" r="4"/>`;
    return tag('g', '', tag('title', '', `${escaped(name)}: ${short(p.y)} at ${p.x}`), range, dot);
  });
  const kind = `class="line c${color % 6}${dashed ? ' dashed' : ''}"`;
  return tag('g', kind, `<polyline points="${path}"/>`, ...dots);
}

/** Beside the ends of the lines, moved apart where they meet. */
function names(lines: readonly Line[], right: number, up: (y: number) => number): readonly string[] {
  const ends = lines.map((line) => ({ line, y: up(line.points.at(-1)?.y ?? 0) })).sort((a, b) => a.y - b.y);
  let above = Number.NEGATIVE_INFINITY;
  const placed = ends.map(({ line, y }) => {
    above = Math.max(y, above + nameHeight);
    return { line, y: above };
  });
  const over = Math.max(0, above - (height - frame.bottom));
  return placed.map(({ line, y }) => {
    const shown = line.name.length > longestName ? `${line.name.slice(0, longestName - 1)}…` : line.name;
    const text = tag('title', '', escaped(line.name)) + escaped(shown);
    return tag('text', `class="name c${line.color % 6}" x="${right + 12}" y="${at(y - over + 4)}"`, text);
  });
}
