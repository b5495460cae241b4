/** Line coverage of the sources, from what V8 wrote down in each process. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface Summary {
  readonly [file: string]: { readonly lines: { readonly total: number; readonly covered: number } };
}

const kept = ['*.ts', 'spec/**', 'compiler/**', 'backends/**', 'runtime/**', 'driver/**', 'cli/**'];
const left = ['test/**', '**/generated/**'];

/** One line per top folder: `spec       93.1 % of 4210 lines`. */
export function coverageByFolder(root: string, folder: string): readonly string[] {
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
  if (status !== 0) return [`no coverage: ${stderr.trim().split('\n')[0]}`];
  const summary: Summary = JSON.parse(readFileSync(`${folder}/coverage-summary.json`, 'utf8'));
  return lines(root, summary);
}

function lines(root: string, summary: Summary): readonly string[] {
  const folders = new Map<string, { total: number; covered: number }>();
  for (const [path, { lines }] of Object.entries(summary)) {
    const parts = path === 'total' ? ['all'] : relative(root, path).split('/');
    const name = parts.length === 1 && path !== 'total' ? '(top)' : parts[0]!;
    const sum = folders.get(name) ?? { total: 0, covered: 0 };
    folders.set(name, { total: sum.total + lines.total, covered: sum.covered + lines.covered });
  }
  const last = (name: string): number => (name === 'all' ? 1 : 0);
  return [...folders]
    .sort(([a], [b]) => last(a) - last(b) || (a < b ? -1 : 1))
    .map(([name, { total, covered }]) => {
      const share = total === 0 ? 100 : (100 * covered) / total;
      return `${name.padEnd(10)} ${share.toFixed(1).padStart(5)} % of ${total} lines`;
    });
}
