/**
 * `npm test`: every test file in a process of its own, two at a time. `npm test -- spec/` runs those whose path holds
 * a word. Ends with `N passed, N failed`.
 */

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { coverageByFolder } from './harness/coverage.ts';
import { type Progress, progress } from './harness/progress.ts';
import { type Report, runFile } from './harness/run_file.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Where to look for tests; the harness's own tests look elsewhere. */
    folder: { type: 'string', default: 'test' },
    'no-coverage': { type: 'boolean', default: false },
    seconds: { type: 'string', default: '1500' },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const coverage = values['no-coverage'] ? undefined : `${root}/coverage`;

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

function find(): readonly string[] {
  return readdirSync(`${root}/${values.folder}`, { recursive: true, encoding: 'utf8' })
    .map((path) => `${values.folder}/${path}`)
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => values.folder !== 'test' || !path.startsWith('test/fixtures/'))
    .filter((path) => positionals.every((word) => path.includes(word)))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function show(report: Report, { end, write }: Progress): void {
  const { file, passed, failed, skipped, seconds, problems, output, remarks } = report;
  const counts = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}${failed > 0 ? `, ${failed} failed` : ''}`;
  write(`${end(file)}${failed > 0 ? 'FAIL' : 'ok  '} ${file}: ${counts} (${seconds.toFixed(1)} s)`);
  if (failed > 0) write(output.trimEnd());
  else for (const remark of remarks) write(`     ${remark}`);
  for (const problem of problems) write(`     ${file}: ${problem}`);
}

const write = (line: string): void => void process.stdout.write(`${line}\n`);

async function runAll(files: readonly string[]): Promise<readonly Report[]> {
  const reports: Report[] = [];
  const waiting = [...files];
  const columns = process.stdout.isTTY ? { columns: process.stdout.columns } : {};
  const seen = progress(files.length, (text) => void process.stdout.write(text), columns);
  const atOnce = Math.max(2, Math.min(4, availableParallelism()));
  if (files.length > 1) seen.write(`${files.length} test files, ${atOnce} at a time, the longest first`);
  const limits = { seconds: Number(values.seconds), ...(coverage ? { coverage: `${coverage}/tmp` } : {}) };
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      seen.begin(file);
      const report = await runFile(file, root, limits);
      reports.push(report);
      show(report, seen);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  seen.close();
  return reports;
}

if (coverage) {
  rmSync(coverage, { recursive: true, force: true });
  mkdirSync(`${coverage}/tmp`, { recursive: true });
}
const reports = await runAll(find());
const sum = (key: 'passed' | 'failed' | 'skipped'): number => reports.reduce((n, r) => n + r[key], 0);
if (coverage && reports.length > 0) for (const line of coverageByFolder(root, coverage)) write(line);
for (const { file, remarks } of reports) {
  for (const remark of remarks) if (remark.startsWith('skipped: ')) write(`${file}: ${remark}`);
}
for (const { file, failed } of reports) if (failed > 0) write(`failed: ${file}`);
const nothing = sum('passed') === 0 && sum('failed') === 0;
if (nothing) write('no test ran');
const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
write(`${sum('passed')} passed, ${sum('failed') + (nothing ? 1 : 0)} failed${skipped}`);
process.exitCode = nothing || sum('failed') > 0 ? 1 : 0;
