/** What is told of one test file. */

import type { Ended } from './test_process.ts';

export interface Report {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly failures: readonly string[];
  /** What is wrong with the file itself, or how its process ended. */
  readonly problems: readonly string[];
  /** All that it wrote. */
  readonly output: string;
  /** What it wrote beside uvu's own lines: figures, reasons for skipping. */
  readonly remarks: readonly string[];
}

interface Run extends Ended {
  readonly file: string;
  readonly seconds: number;
  /** Only tests with these words in their title were asked for; a file need not have one. */
  readonly title: string;
}

export function reportOf({ file, seconds, title, outcome, output, problem }: Run): Report {
  const { passed = 0, failed = 0, skipped = 0, failures = [] } = outcome ?? {};
  const remarks = remarksIn(output);
  const reasons = remarks.filter((remark) => remark.startsWith('skipped: ')).length;
  const said = outcome?.problems ?? [];
  const empty = passed + failed + skipped === 0 && title === '' && said.length === 0;
  const problems = [
    ...said,
    ...(outcome && empty ? ['it holds no test'] : []),
    ...(skipped > reasons ? ['a test is skipped without `skipped: why`'] : []),
    ...(failed > failures.length
      ? [`${failed - failures.length} of its tests did not run to their end`]
      : []),
    ...(problem === undefined ? [] : [problem]),
  ];
  const all = { file, passed, skipped, seconds, failures, problems, output, remarks };
  return { ...all, failed: Math.max(failed, problems.length > 0 ? 1 : 0) };
}

export const problemReport = (file: string, problem: string): Report =>
  reportOf({ file, seconds: 0, title: '', output: '', problem });

export const withProblem = (report: Report, problem: string): Report => ({
  ...report,
  failed: Math.max(1, report.failed),
  problems: [...report.problems, problem],
});

/** Dots and crosses begin a line that holds a remark if something was written between them. */
const ofUvu = /^[•✘ ]*\(\d+ \/ \d+\)$/;
const remarksIn = (output: string): readonly string[] =>
  output
    .split('\n')
    .map((line) => line.replace(/^(?:[•✘] )+(?=\S)/, ''))
    .filter((line) => line.trim() !== '' && !ofUvu.test(line));

const quoted = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Which command runs only what failed. */
function alone({ file, failures, problems }: Report): readonly string[] {
  const command = `npm test -- ${quoted(file)}`;
  const each = failures.map((title) => `${command} --title ${quoted(title)}`);
  return problems.length > 0 || each.length === 0 ? [...each, command] : each;
}

/** `ok` with figures and reasons for skipping, or `FAIL` with all that the file wrote, and how to run that alone. */
export function linesOf(report: Report): readonly string[] {
  const { file, passed, failed, skipped, seconds, problems, output, remarks } = report;
  const counts = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}${failed > 0 ? `, ${failed} failed` : ''}`;
  return [
    `${failed > 0 ? 'FAIL' : 'ok  '} ${file}: ${counts} (${seconds.toFixed(1)} s)`,
    ...(failed > 0 ? [output.trimEnd()] : remarks.map((remark) => `     ${remark}`)),
    ...problems.map((problem) => `     ${file}: ${problem}`),
    ...(failed > 0 ? alone(report).map((command) => `     alone: ${command}`) : []),
  ];
}

/** At the very end: every file that failed, with the titles of its tests. */
export const failureLines = (reports: readonly Report[]): readonly string[] =>
  reports
    .filter(({ failed }) => failed > 0)
    .flatMap(({ file, failures, problems }) => [
      ...failures.map((title) => `failed: ${file}: ${title}`),
      ...problems.map((problem) => `failed: ${file}: ${problem.split('\n')[0]}`),
    ]);
