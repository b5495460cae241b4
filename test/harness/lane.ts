/** One of the lanes in which test files run side by side: a warm process for files that share one, and others. */

import { problemReport, type Report, reportOf, withProblem } from './report.ts';
import { type Settings, type TestProcess, testProcess } from './test_process.ts';

export interface TestFile {
  readonly path: string;
  /** Why it needs a process of its own; nothing where it shares one. */
  readonly own?: string;
}

export interface Lane {
  run(file: TestFile): Promise<Report>;
  /** Ends the warm process; a report where that went wrong. */
  close(): Promise<readonly Report[]>;
}

/** Above this a warm process makes room for a new one. */
const mostBytes = 1.5e9;

export function lane(settings: Settings, title: string): Lane {
  let warm: TestProcess | undefined;

  async function timed(process: TestProcess, file: string, shared: boolean): Promise<Report> {
    const started = performance.now();
    const ended = await process.run({ file, title, shared });
    // What goes wrong with a process of one file after its last test is that file's.
    const late = shared || !ended.outcome ? undefined : await process.close();
    const seconds = (performance.now() - started) / 1000;
    const report = reportOf({ ...ended, file, seconds, title });
    if (shared && ended.outcome && ended.outcome.bytes > mostBytes) return retire(report);
    return late === undefined ? report : withProblem(report, `at its end ${late}`);
  }

  async function retire(report: Report): Promise<Report> {
    const [late] = await close();
    return late ? withProblem(report, late.problems[0]!) : report;
  }

  async function alone(file: string): Promise<Report> {
    return timed(testProcess(settings), file, false);
  }

  /** A file that fails among others and passes alone fails still, and is told from one that fails by itself. */
  async function shared(file: string): Promise<Report> {
    if (!warm?.alive) {
      const [late] = await close();
      warm = testProcess(settings);
      if (late) return withProblem(await shared(file), `${late.file}: ${late.problems[0]}`);
    }
    const before = [...warm.ran];
    const report = await timed(warm, file, true);
    if (report.failed === 0) return report;
    if (warm?.alive) await close(); // what the file left may fail others
    warm = undefined;
    if (before.length === 0) return report;
    const again = await alone(file);
    if (again.failed > 0) return report;
    return withProblem(report, `alone it passes; before it in the same process ran ${before.join(', ')}`);
  }

  async function close(): Promise<readonly Report[]> {
    const ending = warm;
    warm = undefined;
    const problem = await ending?.close();
    if (!ending || problem === undefined) return [];
    return [problemReport(`the process of ${ending.ran.join(', ')}`, `at its end ${problem}`)];
  }

  return { run: ({ path, own }) => (own === undefined ? shared(path) : alone(path)), close };
}
