/** Short scripts for the standard library of Python; CI has one, others are told that a check was left out. */

import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';

/** What the script prints as JSON; undefined where there is no Python. */
export function inPython(script: string, input: string | Uint8Array, args: readonly string[] = []): unknown {
  const { status, stdout, stderr, error } = spawnSync('python3', ['-c', script, ...args], {
    input,
    encoding: 'utf8',
  });
  if (error) throw error;
  assert.is(status, 0, stderr);
  return JSON.parse(stdout) as unknown;
}

/** Whether there is one; CI must have it. */
export function hasPython(): boolean {
  const found = spawnSync('python3', ['-c', '']).status === 0;
  if (!found && process.env['CI'] === 'true') assert.unreachable('CI needs python3');
  if (!found) process.stdout.write('skipped: no python3\n');
  return found;
}
