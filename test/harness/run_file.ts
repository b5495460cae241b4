/** One test file in a process of its own, and what it reports. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Report {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  /** What is wrong with the file itself, or how its process ended. */
  readonly problems: readonly string[];
  /** All that it wrote. */
  readonly output: string;
  /** What it wrote beside uvu's own lines: figures, reasons for skipping. */
  readonly remarks: readonly string[];
}

export interface Limits {
  /** Against hanging only: no test is judged by its time. */
  readonly seconds: number;
  readonly coverage?: string;
}

export async function runFile(file: string, root: string, { seconds, coverage }: Limits): Promise<Report> {
  const flaws = flawsOf(readFileSync(`${root}/${file}`, 'utf8'));
  if (flaws.length > 0) return nothing(file, flaws);
  const started = performance.now();
  const { output, code, signal } = await run(file, root, seconds, coverage);
  const took = (performance.now() - started) / 1000;
  const counted = summary(output);
  if (!counted)
    return {
      ...nothing(file, ['it printed no summary of uvu', ending(code, signal)]),
      output,
      seconds: took,
    };
  const { total, passed, skipped } = counted;
  const remarks = remarksIn(output);
  const problems = [
    ...(total + skipped === 0 ? ['it holds no test'] : []),
    ...(skipped > remarks.filter((r) => r.startsWith('skipped: ')).length
      ? ['a test is skipped without `skipped: why`']
      : []),
    ...(signal ? [ending(code, signal)] : []),
    ...(code !== 0 && passed === total ? [ending(code, signal)] : []),
  ];
  const failed = Math.max(total - passed, problems.length > 0 ? 1 : 0);
  return { file, passed, failed, skipped, seconds: took, problems, output, remarks };
}

const nothing = (file: string, problems: readonly string[]): Report => ({
  file,
  passed: 0,
  failed: 1,
  skipped: 0,
  seconds: 0,
  problems,
  output: '',
  remarks: [],
});

/** What uvu lets pass: a file that never starts its tests, and one that runs some of them only. */
function flawsOf(text: string): string[] {
  const flaws: string[] = [];
  if (!/^\s*\w+\.run\(\);?$/m.test(text)) flaws.push('it never calls test.run()');
  if (/\b\w+\.only\(/.test(text)) flaws.push('a `.only` is left in it');
  return flaws;
}

const ending = (code: number | null, signal: string | null): string =>
  signal === 'SIGKILL'
    ? 'it hung and was ended'
    : signal
      ? `it was ended by ${signal}`
      : `it exited with ${code}`;

interface Ending {
  readonly output: string;
  readonly code: number | null;
  readonly signal: string | null;
}

function run(file: string, root: string, seconds: number, coverage: string | undefined): Promise<Ending> {
  const env = { ...process.env, FORCE_COLOR: '0', ...(coverage ? { NODE_V8_COVERAGE: coverage } : {}) };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', file], { cwd: root, env });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ output: Buffer.concat(chunks).toString('utf8'), code, signal });
    });
  });
}

function summary(output: string): { total: number; passed: number; skipped: number } | undefined {
  const found = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/m.exec(output);
  return found ? { total: Number(found[1]), passed: Number(found[2]), skipped: Number(found[3]) } : undefined;
}

function remarksIn(output: string): readonly string[] {
  const uvu = /^[•✘ ]*\(\d+ \/ \d+\)$|^ {2}(?:Total|Passed|Skipped|Duration): /;
  return output
    .split('\n')
    .map((line) => line.replace(/^(?:[•✘] )+(?=\S)/, ''))
    .filter((line) => line.trim() !== '' && !uvu.test(line));
}
