/** A command as a process, with its time and its largest memory. */

import { spawnSync } from 'node:child_process';

export interface Timed {
  readonly seconds: number;
  /** Peak resident set in MiB, of Node processes only. */
  readonly peak: number;
}

/** Writes, as Node ends, the peak that the kernel counted since it began, in KiB; `maxRSS` would count this process in, too. */
const reporter = `import { readFileSync } from 'node:fs';
process.on('exit', () => {
  const peak = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  process.stderr.write('\\npeak ' + peak + '\\n');
});`;
const hook = `data:text/javascript,${encodeURIComponent(reporter)}`;

export function timedNode(args: readonly string[], cwd: string, expected = 0): Timed {
  return timed(process.execPath, ['--import', hook, ...args], cwd, expected);
}

export function timed(command: string, args: readonly string[], cwd: string, expected = 0): Timed {
  const start = performance.now();
  const { status, stderr, error } = spawnSync(command, [...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const seconds = (performance.now() - start) / 1000;
  if (error) throw error;
  if (status !== expected) throw new Error(`${command} ${args.join(' ')} exited with ${status}: ${stderr}`);
  return { seconds, peak: Number(/\npeak (\d+)\n$/.exec(stderr)?.[1] ?? 0) / 1024 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
