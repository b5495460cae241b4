/** Specs with one thing changed, and what is said of them. */

import { readFileSync } from 'node:fs';
import { check } from '../../../spec/check.ts';
import type { Diagnostic } from '../../../spec/diagnostic.ts';
import { parse } from '../../../spec/parse.ts';
import type { ElaborationOptions } from '../../../spec/program.ts';
import { render } from '../../../spec/render.ts';

const examples = new URL('../../../examples/', import.meta.url);

export const readSpec = (name: string): string => readFileSync(new URL(`${name}.nanospec`, examples), 'utf8');

/** Included files are found beside the examples. */
export const include: ElaborationOptions['include'] = (path) => {
  try {
    return { name: path, text: readFileSync(new URL(path, examples), 'utf8') };
  } catch {
    return undefined;
  }
};

/** What is said of a text; errors of syntax included. */
export function diagnose(text: string, options: Partial<ElaborationOptions> = {}): readonly Diagnostic[] {
  const { value, diagnostics } = parse({ name: 'm.nanospec', text });
  return value ? check(value, { include, ...options }).diagnostics : diagnostics;
}

/** Of errors: small texts leave much unused, which has fixtures of its own. */
export const said = (diagnostics: readonly Diagnostic[]): string =>
  render(
    diagnostics.filter((d) => d.severity === 'error'),
    { color: false },
  );

/** The text with the first `from` replaced; it must be there. */
export function changed(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`nothing to change: ${from}`);
  return text.replace(from, () => to);
}
