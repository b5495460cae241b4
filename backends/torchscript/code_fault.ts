/** Where the code of an archive is not what its spec compiles to. */

import type { EmitInput } from '../backend.ts';
import { codeBlocks } from './code_blocks.ts';
import { packageName } from './code_context.ts';
import { readersOf } from './code_readers.ts';
import { layOut } from './index.ts';
import type { TorchscriptModel } from './read_archive.ts';

export interface CodeFault {
  /** `code/__torch__/nanoc.py`, and the line in it, counted from 1. */
  readonly file: string;
  readonly line: number;
  readonly expected: string;
  readonly found: string;
  /** Name of the class. */
  readonly owner: string;
  /** Paths of the modules of that class; of the model itself, those that the line calls or that read what it makes. */
  readonly modules: readonly string[];
  /** `nanochat_2026_03.nanospec` and a line of it, from the comment above. */
  readonly place?: { readonly spec: string; readonly line: number };
}

export const codeFile = `${packageName.replaceAll('.', '/')}.py`;

/**
 * The first line of a class that differs. Functions are left out: they belong to no block, and `tapArchive` runs those of the
 * file itself, so that the blocks that call them show what is wrong.
 */
export function codeFault(model: TorchscriptModel, input: Omit<EmitInput, 'weights'>): CodeFault | undefined {
  const { code } = layOut(input);
  const ours = new Map(codeBlocks(code.text).map((b) => [b.name, b]));
  for (const { kind, name, start, lines } of codeBlocks(model.code.get(codeFile) ?? '')) {
    const expected = ours.get(name)?.lines ?? [];
    ours.delete(name);
    const at = lines.findIndex((line, i) => line !== expected[i]);
    if (kind === 'function' || (at < 0 && lines.length === expected.length)) continue;
    const i = at < 0 ? lines.length : at;
    const instances = [...code.classOf].flatMap(([m, of]) => (of === name ? [m.path] : []));
    const modules = instances.includes('') ? readersOf(expected, i) : instances;
    const place = placeOf(expected.length > 0 ? expected : lines, i);
    return {
      ...{ file: `code/${codeFile}`, line: start + i, owner: name, modules },
      expected: (expected[i] ?? 'nothing').trim(),
      found: (lines[i] ?? 'nothing').trim(),
      ...(place ? { place } : {}),
    };
  }
  const [left] = [...ours.values()].filter((b) => b.kind === 'class');
  if (!left) return undefined;
  return {
    ...{ file: `code/${codeFile}`, line: 1, owner: left.name, modules: [] },
    expected: left.lines[0]!,
    found: 'nothing',
  };
}

/** The comment of the line or the nearest one above it. */
function placeOf(lines: readonly string[], at: number): CodeFault['place'] {
  for (const line of lines.slice(0, at + 1).reverse()) {
    const [, spec, number] = /# (\S+):(\d+)$/.exec(line) ?? [];
    if (spec !== undefined) return { spec, line: Number(number) };
  }
  return undefined;
}
