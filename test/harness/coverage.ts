/** Line coverage of the sources, from what V8 wrote down in each process. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { folders } from './imports.ts';

interface Summary {
  readonly [file: string]: { readonly lines: { readonly total: number; readonly covered: number } };
}

const kept = ['*.ts', ...folders.map((folder) => `${folder}/**`)];
const left = ['test/**', '**/generated/**'];

/** Of all lines, the share in percent that a whole run passes at least, by top folder. */
const floors: Readonly<Record<(typeof folders)[number] | 'all', number>> = {
  spec: 93,
  compiler: 96,
  backends: 96,
  runtime: 96,
  driver: 96,
  cli: 96,
  all: 95,
};

export interface Coverage {
  /** One for each top folder: `spec       93.1 % of 4210 lines`. */
  readonly lines: readonly string[];
  /** In percent; nothing where the reports could not be read. */
  readonly shares: ReadonlyMap<string, number>;
}

export function coverageByFolder(root: string, folder: string): Coverage {
  const options = [
    `--temp-directory=${folder}/tmp`,
    `--reports-dir=${folder}`,
    '--reporter=json-summary',
    '--all',
    '--merge-async',
    ...kept.map((glob) => `--include=${glob}`),
    ...left.map((glob) => `--exclude=${glob}`),
  ];
  const c8 = `${root}/node_modules/c8/bin/c8.js`;
  const { status, stderr } = spawnSync(process.execPath, [c8, 'report', ...options], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: '' },
  });
  if (status !== 0) return { lines: [`no coverage: ${stderr.trim().split('\n')[0]}`], shares: new Map() };
  return byFolder(root, JSON.parse(readFileSync(`${folder}/coverage-summary.json`, 'utf8')));
}

/** A sentence for each folder of which fewer lines ran than have to. */
export const belowFloors = ({ shares }: Coverage): readonly string[] =>
  Object.entries(floors)
    .filter(([name, floor]) => !((shares.get(name) ?? Number.NaN) >= floor))
    .map(
      ([name, floor]) => `${name}: ${shares.get(name)?.toFixed(1) ?? 'no'} %, at least ${floor} % have to be`,
    );

function byFolder(root: string, summary: Summary): Coverage {
  const sums = new Map<string, { total: number; covered: number }>();
  for (const [path, { lines }] of Object.entries(summary)) {
    const parts = path === 'total' ? ['all'] : relative(root, path).split(sep);
    const name = parts.length === 1 && path !== 'total' ? '(top)' : parts[0]!;
    const sum = sums.get(name) ?? { total: 0, covered: 0 };
    sums.set(name, { total: sum.total + lines.total, covered: sum.covered + lines.covered });
  }
  const last = (name: string): number => (name === 'all' ? 1 : 0);
  const sorted = [...sums].sort(([a], [b]) => last(a) - last(b) || (a < b ? -1 : 1));
  const share = ({ total, covered }: { total: number; covered: number }): number =>
    total === 0 ? 100 : (100 * covered) / total;
  return {
    lines: sorted.map(
      ([name, sum]) => `${name.padEnd(10)} ${share(sum).toFixed(1).padStart(5)} % of ${sum.total} lines`,
    ),
    shares: new Map(sorted.map(([name, sum]) => [name, share(sum)])),
  };
}
