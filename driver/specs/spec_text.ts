/** The text of a spec checked or laid out anew; what is wrong with the file is a diagnostic like any other. */

import { check } from '../../compiler/build.ts';
import type { File } from '../../spec/ast.ts';
import { type Diagnostic, error, hasErrors, Refusal } from '../../spec/diagnostic.ts';
import { format } from '../../spec/format.ts';
import { parse } from '../../spec/parse.ts';
import type { Source } from '../../spec/source.ts';
import type { CompileOptions } from '../compile_options.ts';
import { loadSpec } from './load_spec.ts';

export interface CheckedSpec {
  /** Of the file, or as it was named where it cannot be read. */
  readonly name: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** `argument` is a path or the name of a shipped spec. */
export function checkSpec(
  argument: string,
  { set, includeFolder }: Pick<CompileOptions, 'set' | 'includeFolder'> = {},
): CheckedSpec {
  try {
    const { source, include } = loadSpec(argument, undefined, includeFolder);
    const { value, diagnostics } = parse(source);
    const options = { include, ...(set ? { set } : {}) };
    const further = value && !hasErrors(diagnostics) ? check(value, options).diagnostics : [];
    return { name: source.name, diagnostics: [...diagnostics, ...further] };
  } catch (cause) {
    return { name: argument, diagnostics: refusedWith(cause) };
  }
}

export interface FormattedSpec {
  /** Absent where the file could not be read. */
  readonly source?: Source;
  /** The canonical form; absent where the source has errors. */
  readonly text?: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** `read` gives the source, or refuses. */
export function formatSpec(read: () => Source): FormattedSpec {
  try {
    const source = read();
    const { value, diagnostics } = parse(source);
    const text = value && !hasErrors(diagnostics) ? { text: laidOut(value, source) } : {};
    return { source, ...text, diagnostics };
  } catch (cause) {
    return { diagnostics: refusedWith(cause) };
  }
}

/** Nesting without brackets (`x as [n] as [n] ...`) may overflow the stack, or the length of a string. */
function laidOut(file: File, source: Source): string {
  try {
    return format(file);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const span = { source, start: 0, end: 0 };
    const hint = 'give parts of long expressions names of their own';
    throw new Refusal([error('N321', 'the text nests too deep to be laid out', { span, hint })]);
  }
}

function refusedWith(cause: unknown): readonly Diagnostic[] {
  if (cause instanceof Refusal) return cause.diagnostics;
  throw cause;
}
