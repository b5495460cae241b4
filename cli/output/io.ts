/** Output of a command: results to stdout, everything else to stderr, colour and progress only on terminals. */

import { bytes } from '../../driver/byte_count.ts';
import type { Progress, Reporter } from '../../driver/reporter.ts';
import { columnsOf, shortened } from '../../driver/text_columns.ts';
import type { Diagnostic } from '../../spec/diagnostic.ts';
import { render, summary, toJson } from '../../spec/render.ts';
import { widthOf } from './terminal.ts';

export interface IoOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: 'auto' | 'always' | 'never';
}

/** Notes and warnings are lines on stderr that --quiet silences; findings are always shown. */
export interface Io extends Reporter {
  readonly options: IoOptions;
  /** A result; goes to stdout as it is. */
  result(text: string): void;
  /** Success, reported on stdout unless --quiet is given. */
  made(text: string): void;
  /** A result for machines: one JSON value on a line. */
  json(value: unknown): void;
  /** A result as a text, or as a value with --json. */
  answer(text: () => string, value: () => unknown): void;
}

/** `--color` takes precedence over NO_COLOR, that over FORCE_COLOR, and that over whether the stream is a terminal. */
export function wantsColor(choice: IoOptions['color'], stream: { readonly isTTY?: boolean }): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (process.env['NO_COLOR']) return false;
  if (process.env['FORCE_COLOR'] && process.env['FORCE_COLOR'] !== '0') return true;
  return stream.isTTY === true && process.env['TERM'] !== 'dumb';
}

export function makeIo(options: IoOptions): Io {
  const color = wantsColor(options.color, process.stderr);
  const result = (text: string): void => {
    clearBar();
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  };
  const json = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  const finding = (shown: readonly Diagnostic[]): void => {
    if (shown.length === 0) return;
    clearBar();
    if (options.json) {
      for (const d of shown) json(toJson(d));
      return;
    }
    process.stderr.write(`${render(shown, { color })}\n`);
    if (shown.some((d) => d.severity === 'error')) process.stderr.write(`${summary(shown)}\n`);
  };
  return {
    options,
    result,
    made: (text) => {
      if (!options.quiet) result(text);
    },
    json,
    answer: (text, value) => (options.json ? json(value()) : result(text())),
    note: (text) => {
      if (options.quiet || options.json) return;
      clearBar();
      process.stderr.write(`${text}\n`);
    },
    report: (diagnostics) =>
      finding(options.quiet ? diagnostics.filter((d) => d.severity === 'error') : diagnostics),
    finding,
    progress: (label, total) => bar(label, total, options),
  };
}

/** Whether the current line of the terminal holds a progress bar. */
let barStands = false;

/** Clears the progress bar, so that a message can take its line. */
function clearBar(): void {
  if (barStands) process.stderr.write(cleared);
  barStands = false;
}

const cleared = '\r\u001b[2K';

function bar(label: string, total: number, options: IoOptions): Progress {
  if (options.quiet || options.json) return { at: () => {}, done: () => {} };
  const start = performance.now();
  const tty = process.stderr.isTTY === true && !process.env['CI'] && process.env['TERM'] !== 'dumb';
  let last = 0;
  const line = (done: number): string => {
    const share = total > 0 ? done / total : 1;
    const seconds = (performance.now() - start) / 1000;
    const left = share > 0 ? (seconds / share) * (1 - share) : 0;
    return barLine(label, share, `${bytes(done)} of ${bytes(total)}, ${left.toFixed(0)} s left`);
  };
  return {
    at(done) {
      const now = performance.now();
      if (!tty || now - start < 500 || now - last < 100) return;
      last = now;
      barStands = true;
      process.stderr.write(`${cleared}${line(done)}`);
    },
    done(size = total) {
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      clearBar();
      process.stderr.write(`${label}: ${bytes(size)} in ${seconds} s\n`);
    },
  };
}

const mostCells = 24;
const fewestCells = 10;
const shortestLabel = 12;

/** One line, short of the last column, in which some terminals break it: the label loses its middle before the bar goes. */
export function barLine(
  label: string,
  share: number,
  figures: string,
  width = widthOf(process.stderr),
): string {
  const line = (width ?? 80) - 1;
  const room = line - figures.length - 4;
  const name = shortened(label, Math.max(shortestLabel, room - fewestCells));
  const cells = Math.min(mostCells, room - columnsOf(name));
  if (cells >= fewestCells) {
    const full = Math.round(share * cells);
    return `${name} [${'='.repeat(full)}${' '.repeat(cells - full)}] ${figures}`;
  }
  const rest = shortened(figures, line);
  const start = shortened(label, line - rest.length - 1);
  return start === '' ? rest : `${start} ${rest}`;
}
