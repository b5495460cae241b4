/** A command as a process, with its time and its largest memory. */

import { spawnSync } from 'node:child_process';

export interface Timed {
  readonly seconds: number;
  /** Peak resident set in MiB, of Node processes only. */
  readonly peak: number;
  /** Seconds of processor time with its children, where a shell counted them. */
  readonly processor: number;
}

/** Writes, as Node ends, the peak that the kernel counted since it began, in KiB; `maxRSS` would count this process in, too. */
const reporter = `import { readFileSync } from 'node:fs';
process.on('exit', () => {
  const peak = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  process.stderr.write('\\npeak ' + peak + '\\n');
});`;
const hook = `data:text/javascript,${encodeURIComponent(reporter)}`;

/** The peak is that of the largest process, where a command starts others. */
export function timedNode(args: readonly string[], cwd: string, expected = 0): Timed {
  return timed(process.execPath, ['--import', hook, ...args], cwd, expected);
}

/** With processor time of the whole tree, as bash counts it. */
export const timedTree = (command: string, args: readonly string[], cwd: string, expected = 0): Timed =>
  timed('bash', ['-c', `TIMEFORMAT='processor %U %S'; time "$@"`, 'bash', command, ...args], cwd, expected);

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
  const peaks = [...stderr.matchAll(/\npeak (\d+)\n/g)].map(([, peak]) => Number(peak));
  const [, user = '0', system = '0'] = /processor ([\d.]+) ([\d.]+)/.exec(stderr) ?? [];
  return { seconds, peak: Math.max(0, ...peaks) / 1024, processor: Number(user) + Number(system) };
}
