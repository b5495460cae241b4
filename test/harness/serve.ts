/** The process in which test files are run, one after the other: each is imported, and its tests are run by uvu. */

import { writeSync } from 'node:fs';
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { ledger, openLedger } from './ledger.ts';
import { type Message, messages, type Outcome, type Task } from './protocol.ts';
import { leftBehind, traces } from './traces.ts';

/** Of a run in uvu's queue: what it prints of failures, how many passed, were skipped, and were to run. */
type Run = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

declare global {
  var UVU_DEFER: boolean;
  var UVU_QUEUE: (Run | null)[][];
}
globalThis.UVU_DEFER = true; // `run()` only queues, as under uvu's own command
globalThis.UVU_QUEUE = [];

const watched = JSON.stringify(new URL('./uvu.ts', import.meta.url).href);
const resolve = `export const resolve = (name, context, next) =>
  next(name === 'uvu' && context.parentURL !== ${watched} ? ${watched} : name, context);`;
register(`data:text/javascript,${encodeURIComponent(resolve)}`);

const tell = (message: Message): void => void writeSync(messages, `${JSON.stringify(message)}\n`);

void process.stdin; // opened by whoever looks at it first: no test's doing
const streams = [process.stdout, process.stderr].map((stream) => stream.write.bind(stream));
const mark = (text: string): Promise<unknown> =>
  Promise.all(streams.map((write) => new Promise((done) => write(text, () => done(undefined)))));

async function runQueue(): Promise<Pick<Outcome, 'passed' | 'failed' | 'skipped'>> {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const run of UVU_QUEUE[0]!) {
    if (!run) continue;
    const [errors, passed, skipped, total] = await run();
    if (typeof errors === 'string') process.stdout.write(`\n${errors}\n`);
    sum.passed += passed;
    sum.failed += total - passed;
    sum.skipped += skipped;
  }
  return sum;
}

async function serve({ file, title, shared, patience, mark: end }: Task): Promise<void> {
  openLedger(title, (name) => tell({ kind: 'test', title: name }));
  UVU_QUEUE.splice(0, UVU_QUEUE.length, []);
  const before = await traces();
  let sum = { passed: 0, failed: 0, skipped: 0 };
  try {
    await import(pathToFileURL(file).href);
    sum = await runQueue();
  } catch (thrown) {
    ledger.problems.push(
      thrown instanceof Error ? (thrown.stack ?? thrown.message) : `it threw ${String(thrown)}`,
    );
  }
  if (ledger.waiting > 0) ledger.problems.push(`it never calls run() for ${ledger.waiting} of its tests`);
  if (process.exitCode) ledger.problems.push(`it set the exit code ${process.exitCode}`);
  process.exitCode = 0;
  const problems = [...ledger.problems, ...(await leftBehind(before, { shared, patience }))];
  await mark(end);
  const { failures } = ledger;
  tell({
    kind: 'done',
    outcome: { ...sum, failures, problems, bytes: process.memoryUsage.rss() },
  });
}

await import('uvu'); // its listeners are no test's
process.on('message', (task: Task) => void serve(task));
process.on('disconnect', () => process.exit(0)); // no more files, or the run itself has ended
