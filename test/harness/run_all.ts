/** Runs test files in lanes and shows each as it ends. */

import { lane, type TestFile } from './lane.ts';
import { progress } from './progress.ts';
import { failureLines, linesOf, type Report } from './report.ts';
import type { Settings } from './test_process.ts';

export interface Options {
  /** Only tests whose title holds these words. */
  readonly title: string;
  /** How many files run at a time. */
  readonly lanes: number;
}

const write = (line: string): void => void process.stdout.write(`${line}\n`);

export async function runAll(
  files: readonly TestFile[],
  settings: Settings,
  { title, lanes: most }: Options,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  const waiting = [...files];
  const lanes = Math.min(files.length, most);
  const columns = process.stdout.isTTY ? { columns: process.stdout.columns } : {};
  const seen = progress(files.length, (text) => void process.stdout.write(text), columns);
  const show = (report: Report, before: string): void => {
    reports.push(report);
    const [first, ...more] = linesOf(report);
    for (const line of [`${before}${first}`, ...more]) seen.write(line);
  };
  const work = async (): Promise<void> => {
    const { run, close } = lane(settings, title);
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      seen.begin(file.path);
      const report = await run(file);
      if (title === '' || report.passed + report.failed + report.skipped > 0)
        show(report, seen.end(file.path));
      else seen.end(file.path);
    }
    for (const report of await close()) show(report, '');
  };
  if (files.length > 1) seen.write(`${files.length} test files, ${lanes} at a time, the longest first`);
  await Promise.all(Array.from({ length: lanes }, work));
  seen.close();
  return reports;
}

/** What was skipped and what failed, once more, and the sums; whether all is well. */
export function summarise(reports: readonly Report[]): boolean {
  const sum = (key: 'passed' | 'failed' | 'skipped'): number => reports.reduce((n, r) => n + r[key], 0);
  for (const { file, remarks } of reports)
    for (const remark of remarks) if (remark.startsWith('skipped: ')) write(`${file}: ${remark}`);
  for (const line of failureLines(reports)) write(line);
  const nothing = sum('passed') === 0 && sum('failed') === 0;
  if (nothing) write('no test ran');
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  write(`${sum('passed')} passed, ${sum('failed') + (nothing ? 1 : 0)} failed${skipped}`);
  return !nothing && sum('failed') === 0;
}
