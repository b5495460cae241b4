/** What noticed each mutation, as a page. */

import type { Mutation } from './edits.ts';
import type { Kind } from './places.ts';

export type Noticed = 'verify' | 'laws' | 'goldens' | 'unit tests' | 'nothing' | 'equivalent';

export interface Outcome extends Mutation {
  readonly kind: Kind;
  readonly by: Noticed;
  /** Of the tree that was broken. */
  readonly commit: string;
  readonly what?: string;
}

interface Head {
  readonly seed: number;
  readonly commit: string;
  /** All that can be drawn from. */
  readonly of: number;
  /** Drawn, and left out since they do not type-check. */
  readonly aside: number;
}

const columns: readonly Noticed[] = ['verify', 'laws', 'goldens', 'unit tests', 'nothing', 'equivalent'];
const kinds: readonly Kind[] = ['onnx', 'torchscript', 'passes', 'runtime', 'shared'];

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const code = (text: string): string => `\`${text.replaceAll('|', '\\|').replaceAll('`', "'")}\``;
/** Copies lie in folders whose names say nothing. */
const plain = (text: string): string =>
  text
    .replaceAll(/\/\S*nanoc-mutant-\w+\//g, '')
    .replaceAll('|', '\\|')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 130);

export function report(outcomes: readonly Outcome[], { seed, commit, of, aside }: Head): string {
  const count = (kind: Kind | undefined, by: Noticed): number =>
    outcomes.filter((o) => o.by === by && (kind === undefined || o.kind === kind)).length;
  const sums = [...kinds.map((kind) => [kind, kind] as const), ['all', undefined] as const];
  return [
    '# Mutations of the compiler, and what noticed them',
    '',
    `${outcomes.length} of ${of} mutations, drawn by seed ${seed} from the tree at ${commit}; ${aside} more were drawn and set aside, since they do`,
    'not type-check. Written by `npm run mutate`; do not edit. A mutation counts for the first that notices it, from left to right:',
    'the verifier, the laws (the compiler or the runtime stops, or takes a spec that is to be refused), numbers of other people or',
    'worked out by hand, the unit tests of the folder. Rows that say `tried again at` were noticed by nothing or by unit tests alone,',
    'and then tried alone with the cases that the trial had at that commit, which are more than those that the other rows met.',
    '`shared` is what the verifier itself goes by. Equivalent ones change no meaning; `equivalent.ts` has the reasons.',
    '',
    row(['', ...columns]),
    row(['---', ...columns.map(() => '---:')]),
    ...sums.map(([name, kind]) => row([name, ...columns.map((by) => count(kind, by))])),
    '',
    row(['kind', 'place', 'edit', 'before', 'after', 'noticed by', 'what']),
    row(Array<string>(7).fill('---')),
    ...outcomes.map((o) =>
      row([
        o.kind,
        `${o.file}:${o.line}`,
        o.edit,
        code(o.before),
        code(o.after),
        o.by,
        `${plain(o.what ?? '')}${o.commit === commit ? '' : ` (tried again at ${o.commit})`}`.trim(),
      ]),
    ),
    '',
  ].join('\n');
}
