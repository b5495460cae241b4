/** Where the code of an archive is not what its spec compiles to. */

import { specOf } from '../../compiler/identity.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Span } from '../../spec/source.ts';
import type { Code } from './classes.ts';
import { type Block, codeBlocks } from './code_blocks.ts';
import { packageName } from './code_context.ts';
import { readersOf } from './code_readers.ts';

export interface CodeFault {
  /** `code/__torch__/nanoc.py`, and the line in it, counted from 1. */
  readonly file: string;
  readonly line: number;
  readonly expected: string;
  readonly found: string;
  /** Name of the class or function. */
  readonly owner: string;
  readonly kind: Block['kind'];
  /** Paths of the modules of that class; for the model itself, of the modules that the line calls or that read its result. */
  readonly modules: readonly string[];
  /** `nanochat_2026_03.nanospec` and a line of it, from the comment above. */
  readonly place?: { readonly spec: string; readonly line: number };
}

export const codeFile = `${packageName.replaceAll('.', '/')}.py`;

export interface Compared {
  /** Compares classes only, for a file whose own functions are run. */
  readonly classesOnly?: boolean;
}

/** The first line of `theirs` that differs in a class, or in a function. */
export function codeFault(
  ours: Code,
  theirs: string,
  { classesOnly = false }: Compared = {},
): CodeFault | undefined {
  const expectedBlocks = new Map(codeBlocks(ours.text).map((b) => [b.name, b]));
  for (const { kind, name, start, lines } of codeBlocks(theirs)) {
    const expected = expectedBlocks.get(name)?.lines ?? [];
    expectedBlocks.delete(name);
    const at = lines.findIndex((line, i) => line !== expected[i]);
    if ((kind === 'function' && classesOnly) || (at < 0 && lines.length === expected.length)) continue;
    const i = at < 0 ? lines.length : at;
    const instances = [...ours.classOf].flatMap(([m, of]) => (of === name ? [m.path] : []));
    const modules = instances.includes('') ? readersOf(expected, i) : instances;
    const place = placeOf(expected.length > 0 ? expected : lines, i);
    return {
      ...{ file: `code/${codeFile}`, line: start + i, owner: name, kind, modules },
      expected: (expected[i] ?? 'nothing').trim(),
      found: (lines[i] ?? 'nothing').trim(),
      ...(place ? { place } : {}),
    };
  }
  const [left] = [...expectedBlocks.values()].filter((b) => b.kind === 'class' || !classesOnly);
  if (!left) return undefined;
  return {
    ...{ file: `code/${codeFile}`, line: 1, owner: left.name, kind: left.kind, modules: [] },
    expected: left.lines[0]!,
    found: 'nothing',
  };
}

/** What is wrong, and where to look: in the file, in the tree of modules and in the spec. */
export function codeFaultText(fault: CodeFault, manifest: Manifest) {
  const { file, line, owner, kind, expected, found } = fault;
  const span = spanOf(fault, manifest);
  return {
    message: `the code of the archive is not what its spec compiles to: line ${line} of ${file}, ${kind} ${owner}${users(fault)}`,
    extra: { ...(span ? { span } : {}), expected: shortened(expected), found: shortened(found) },
  };
}

const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)} ...` : text);

function users({ modules }: CodeFault): string {
  const [first, ...more] = modules;
  if (first === undefined) return '';
  const others = more.length > 1 ? ` and ${more.length} more` : more.length === 1 ? ` and ${more[0]}` : '';
  return `, for ${first}${others}`;
}

/** The line of the spec without its indentation. */
function spanOf({ place }: CodeFault, manifest: Manifest): Span | undefined {
  if (!place) return undefined;
  const { source, include } = specOf(manifest);
  const found = place.spec === source.name ? source : include(place.spec, '');
  const lines = found?.text.split('\n') ?? [];
  const text = lines[place.line - 1];
  if (!found || text === undefined) return undefined;
  const before = lines.slice(0, place.line - 1).reduce((sum, l) => sum + l.length + 1, 0);
  const start = before + text.length - text.trimStart().length;
  return { source: found, start, end: before + text.trimEnd().length };
}

/** The place named in the comment of the line, or of the nearest line above with one. */
function placeOf(lines: readonly string[], at: number): CodeFault['place'] {
  for (const line of lines.slice(0, at + 1).reverse()) {
    const [, spec, number] = /# (\S+):(\d+)$/.exec(line) ?? [];
    if (spec !== undefined) return { spec, line: Number(number) };
  }
  return undefined;
}
