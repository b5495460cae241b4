/** The standard library, parsed once. */

import type * as ast from '../../ast.ts';
import { Bug } from '../../diagnostic.ts';
import { prelude as text } from '../../generated/prelude.ts';
import { parse } from '../../parse.ts';
import type { Source, Span } from '../../source.ts';

const source: Source = { name: 'prelude.nanospec', text };
let parsed: ast.File | undefined;

export function preludeFile(): ast.File {
  parsed ??= parse(source).value;
  if (!parsed) throw new Bug('the prelude does not parse');
  return parsed;
}

export const isPrelude = (span: Span): boolean => span.source === source;
