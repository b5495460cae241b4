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
const kinds: readonly Kind[] = ['onnx', 'torchscript', 'passes', 'runtime', 'shared', 'checks'];

const ofTheCompiler = [
  'A mutation counts for the first that notices it, from left to right: the verifier, the laws (the compiler or the runtime stops, or',
  'takes a spec that is to be refused), numbers of other people or worked out by hand, the unit tests of the folder. `shared` is what',
  'the verifier itself goes by.',
];
const ofTheVerifier = ['What says that others are right can be told to be wrong by unit tests alone.'];
const triedAgain = [
  'Rows that say `tried again at` were noticed by nothing or by unit tests alone, and then tried alone on the tree of that commit,',
  'whose cases and tests are more than those that the other rows met.',
];

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const code = (text: string): string => `\`${text.replaceAll('|', '\\|').replaceAll('`', "'")}\``;
const plain = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').slice(0, 130);

export function report(outcomes: readonly Outcome[], { seed, commit, of, aside }: Head): string {
  const count = (kind: Kind | undefined, by: Noticed): number =>
    outcomes.filter((o) => o.by === by && (kind === undefined || o.kind === kind)).length;
  const ofChecks = outcomes.some(({ kind }) => kind === 'checks');
  const again = outcomes.some((o) => o.commit !== commit);
  const there = kinds.filter((kind) => outcomes.some((o) => o.kind === kind));
  const sums = [...there.map((kind) => [kind, kind] as const), ['all', undefined] as const];
  return [
    `# Mutations of the ${ofChecks ? 'verifier and of sizes' : 'compiler'}, and what noticed them`,
    '',
    `${outcomes.length} of ${of} mutations, drawn by seed ${seed} from the tree at ${commit}; ${aside} more were drawn and set aside, since they do`,
    `not type-check. Written by \`npm run mutate${ofChecks ? ' -- --of checks' : ''}\`; do not edit.`,
    ...(ofChecks ? ofTheVerifier : ofTheCompiler),
    ...(again ? triedAgain : []),
    'Equivalent ones change no meaning; `equivalent.ts` has the reasons.',
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
