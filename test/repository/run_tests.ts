/** The run of tests, itself under test. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface TestRun {
  readonly status: number | null;
  readonly text: string;
  /** The last line. */
  readonly last: string | undefined;
  /** What it wrote to stderr. */
  readonly errors: string;
}

export function runTests(...args: readonly string[]): TestRun {
  const command = ['--import', 'tsx', 'test/run.ts', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  return { status, text: stdout, last: stdout.trimEnd().split('\n').at(-1), errors: stderr };
}

/** Of the test files in a folder of fixtures. */
export const run = (folder: string, ...more: readonly string[]): TestRun =>
  runTests('--folder', `test/fixtures/harness/${folder}`, ...more);
