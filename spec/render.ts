/** Diagnostics as text for people and as JSON for machines. */

import type { Diagnostic, Severity } from './diagnostic.ts';
import { append } from './long_list.ts';
import { position, type Span } from './source.ts';

export interface RenderOptions {
  readonly color: boolean;
}

const codes: Readonly<Record<Severity | 'dim' | 'bold', string>> = {
  error: '31;1',
  warning: '33;1',
  note: '36;1',
  dim: '2',
  bold: '1',
};

export function render(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  return diagnostics.map((d) => one(d, options)).join('\n\n');
}

function one(d: Diagnostic, { color }: RenderOptions): string {
  const paint = (style: keyof typeof codes, text: string): string =>
    color ? `\u001b[${codes[style]}m${text}\u001b[0m` : text;
  const place = d.span ? `${placeOf(d.span)} ` : d.file ? `${d.file}: ` : '';
  const head = `${paint('bold', printable(place))}${paint(d.severity, `${d.severity} ${d.code}`)}`;
  const lines = [`${head}: ${printable(d.message)}`];
  if (d.span)
    append(
      lines,
      excerpt(d.span, (text) => paint(d.severity, text)),
    );
  if (d.expected !== undefined) lines.push(printable(`expected ${d.expected}`));
  if (d.found !== undefined) lines.push(printable(`found    ${d.found}`));
  for (const r of d.related ?? [])
    lines.push(printable(`note: ${r.message}${r.span ? ` (${placeOf(r.span)})` : ''}`));
  if (d.hint !== undefined) lines.push(`${paint('dim', 'hint:')} ${printable(d.hint)}`);
  return lines.join('\n');
}

/** Replaces control characters, so that the content of a file cannot move the cursor of a terminal or write to its clipboard. */
const printable = (text: string): string =>
  (text.length > messageLimit ? `${text.slice(0, messageLimit)} ...` : text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');

function placeOf({ source, start }: Span): string {
  const { line, column } = position(source, start);
  return `${source.name}:${line}:${column}`;
}

/** How many characters of one message are shown, since a name from a file may have any length. */
const messageLimit = 2000;

/** Longest line shown whole. */
const excerptWidth = 160;

/** The line that the span begins on, with what is wrong underlined; tabs keep their width. */
function excerpt({ source, start, end }: Span, paint: (text: string) => string): readonly string[] {
  const { line, column } = position(source, start);
  const text = (source.text.split('\n')[line - 1] ?? '').replace(/\r$/, '');
  if (text.length > excerptWidth) return [];
  const length = Math.max(1, Math.min(end - start, text.length - column + 1));
  const margin = `${line} | `;
  const before = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [`${margin}${printable(text)}`, `${' '.repeat(margin.length)}${before}${paint('^'.repeat(length))}`];
}

/** Lines and columns from 1, as editors show them, and offsets from 0. */
const spanJson = (span: Span) => ({
  file: span.source.name,
  start: { ...position(span.source, span.start), offset: span.start },
  end: { ...position(span.source, span.end), offset: span.end },
});

export function toJson(d: Diagnostic): unknown {
  const { code, severity, message, span, file, expected, found, hint, related, more } = d;
  return {
    code,
    severity,
    message,
    ...(span ? { span: spanJson(span) } : {}),
    ...(file === undefined ? {} : { file }),
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    ...(hint === undefined ? {} : { hint }),
    ...(more === undefined ? {} : { more }),
    ...(related
      ? {
          related: related.map((r) => ({
            message: r.message,
            ...(r.span ? { span: spanJson(r.span) } : {}),
          })),
        }
      : {}),
  };
}

/** `2 errors, 1 warning` */
export function summary(diagnostics: readonly Diagnostic[]): string {
  const counted = (['error', 'warning'] as const).map((severity) => {
    const n = diagnostics.reduce((sum, d) => sum + (d.severity === severity ? (d.more ?? 1) : 0), 0);
    return n === 0 ? '' : `${n} ${severity}${n === 1 ? '' : 's'}`;
  });
  return counted.filter((text) => text !== '').join(', ');
}
