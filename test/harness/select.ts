/** Which test files a run takes, and in what order. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { closures } from './imports.ts';
import { ownProcess } from './isolation.ts';
import type { TestFile } from './lane.ts';

/** Long ones first, so that none is left running alone at the end. */
const long = [
  'test/golden/',
  'test/spec/fuzz',
  'test/examples/',
  'test/repository/package',
  'test/cli/',
  'test/runtime/sessions/webgpu',
];
const rank = (file: string): number => {
  const found = long.findIndex((start) => file.startsWith(start));
  return found < 0 ? long.length : found;
};

/** The test files below `folder` whose path holds one of `words`; all where there is none. */
export function select(root: string, folder: string, words: readonly string[]): readonly TestFile[] {
  const loadedBy = closures(root);
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => folder !== 'test' || !path.startsWith('test/fixtures/'))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((path) => {
      const own = ownProcess(loadedBy(path));
      return own === undefined ? { path } : { path, own };
    });
}

/** Those of `words` that no path holds: a wrong word beside a right one must not look like a test that passed. */
export const idleWords = (files: readonly TestFile[], words: readonly string[]): readonly string[] =>
  words.filter((word) => !files.some(({ path }) => path.includes(word)));
