/** A diagnostic is a value: what is wrong, where, what was expected, and what to type instead. */

import type { Code } from './codes.ts';
import { limits } from './limits.ts';
import type { Span } from './source.ts';

export type Severity = 'error' | 'warning' | 'note';

export interface Related {
  readonly message: string;
  readonly span?: Span;
}

export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  /** What is wrong, by name; in lower case and without a full stop. */
  readonly message: string;
  /** The smallest wrong piece of a spec. */
  readonly span?: Span;
  /** The file that is wrong when it is not a spec (a checkpoint, a config, an output path). */
  readonly file?: string;
  /** Printed as `expected ...` and `found ...`, aligned, each with where it came from. */
  readonly expected?: string;
  readonly found?: string;
  /** What to type. */
  readonly hint?: string;
  readonly related?: readonly Related[];
  /** How many further diagnostics this one stands for. */
  readonly more?: number;
}

/** A value, if there is one, and all diagnostics; if one of them is an error, the value does not count. */
export interface Outcome<T> {
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}

type Extra = Omit<Diagnostic, 'code' | 'severity' | 'message'>;

export function error(code: Code, message: string, extra: Extra = {}): Diagnostic {
  return { code, severity: 'error', message, ...extra };
}

export function warning(code: Code, message: string, extra: Extra = {}): Diagnostic {
  return { code, severity: 'warning', message, ...extra };
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((d) => d.severity === 'error');

/** The first errors and warnings, and how many more there are; `uncounted` further errors have no diagnostics. */
export function firstFew(diagnostics: readonly Diagnostic[], uncounted = 0): readonly Diagnostic[] {
  const kept: Diagnostic[] = [];
  const seen = { error: 0, warning: 0, note: 0 };
  for (const d of diagnostics) {
    seen[d.severity] += d.more ?? 1;
    if (seen[d.severity] <= limits.diagnostics) kept.push(d);
  }
  seen.error += uncounted;
  for (const severity of ['error', 'warning'] as const) {
    const more = seen[severity] - kept.reduce((n, d) => n + (d.severity === severity ? 1 : 0), 0);
    if (more <= 0) continue;
    const { code } = kept.filter((d) => d.severity === severity).at(-1)!; // more than none were seen
    kept.push({ code, severity, message: `and ${more} more ${severity}${more === 1 ? '' : 's'}`, more });
  }
  return kept;
}

/** Thrown where carrying diagnostics by value would thread through I/O; the command line prints what it holds. */
export class Refusal extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join('\n'));
    this.diagnostics = diagnostics;
  }
}

/** A fault of nanoc itself, never of the user's input; exit code 3. */
export class Bug extends Error {}
