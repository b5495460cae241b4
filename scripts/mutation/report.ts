/** What noticed each mutation, as a page. */

import type { Mutation } from './edits.ts';
import type { Kind } from './places.ts';

export type Noticed = 'verify' | 'laws' | 'goldens' | 'unit tests' | 'nothing' | 'equivalent' | 'invalid';

export interface Outcome extends Mutation {
  readonly kind: Kind;
  readonly by: Noticed;
  readonly what?: string;
}

interface Head {
  readonly seed: number;
  readonly commit: string;
  /** All that can be drawn from. */
  readonly of: number;
}

const columns: readonly Noticed[] = [
  'verify',
  'laws',
  'goldens',
  'unit tests',
  'nothing',
  'equivalent',
  'invalid',
];
const kinds: readonly Kind[] = ['onnx', 'torchscript', 'passes', 'runtime', 'shared'];

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const code = (text: string): string => `\`${text.replaceAll('|', '\\|').replaceAll('`', "'")}\``;
const plain = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').slice(0, 160);

export function report(outcomes: readonly Outcome[], { seed, commit, of }: Head): string {
  const count = (kind: Kind | undefined, by: Noticed): number =>
    outcomes.filter((o) => o.by === by && (kind === undefined || o.kind === kind)).length;
  const sums = [...kinds.map((kind) => [kind, kind] as const), ['all', undefined] as const];
  return [
    '# Mutations of the compiler, and what noticed them',
    '',
    `${outcomes.length} of ${of} mutations, drawn by seed ${seed}, of the tree at ${commit}. Written by \`scripts/mutate_compiler.ts\`, which says`,
    'how; do not edit. A mutation counts for the first that notices it, from left to right. `shared` is what the verifier',
    'itself goes by. Equivalent ones, which change no meaning, are listed with the reason in `equivalent.ts`; invalid ones do not parse.',
    '',
    row(['', ...columns]),
    row(['---', ...columns.map(() => '---:')]),
    ...sums.map(([name, kind]) => row([name, ...columns.map((by) => count(kind, by))])),
    '',
    row(['kind', 'place', 'edit', 'before', 'after', 'noticed by', 'what']),
    row(Array<string>(7).fill('---')),
    ...outcomes.map((o) =>
      row([o.kind, `${o.file}:${o.line}`, o.edit, code(o.before), code(o.after), o.by, plain(o.what ?? '')]),
    ),
    '',
  ].join('\n');
}
