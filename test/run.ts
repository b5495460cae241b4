/**
 * `npm test`: type check, lint and every test. `npm test -- spec/` runs the test files whose path holds a word, and
 * nothing else. Ends with `N passed, N failed`.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildBundle, staleness, usesBundle } from './harness/bundle.ts';
import { checks } from './harness/checks.ts';
import { commandLine } from './harness/command_line.ts';
import { belowFloors, coverageByFolder } from './harness/coverage.ts';
import type { TestFile } from './harness/lane.ts';
import { problemReport, type Report } from './harness/report.ts';
import { runAll, summarise } from './harness/run_all.ts';
import { idleWords, select } from './harness/select.ts';
import { endAll, type Settings } from './harness/test_process.ts';
import { affected, watch } from './harness/watch.ts';

const { values, positionals: words } = commandLine(process.argv.slice(2));
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const coverage = values.coverage ? `${root}/coverage` : undefined;
const settings: Settings = {
  root,
  idleSeconds: Number(values['idle-seconds']),
  busySeconds: Number(values['busy-seconds']),
  ...(coverage ? { coverage: `${coverage}/tmp` } : {}),
};
const options = { title: values.title, lanes: Number(values.processes) };
/** Whoever chooses nothing wants to know that all is well. */
const everything = words.length === 0 && values.title === '' && values.folder === 'test' && !values.watch;
const write = (line: string): void => void process.stdout.write(`${line}\n`);
const files = (): readonly TestFile[] => select(root, values.folder, words);

/** The files that were asked for; nothing runs where one of the words is in no path. */
function chosen(): readonly TestFile[] {
  const found = files();
  const idle = idleWords(found, words);
  if (idle.length === 0) return found;
  for (const word of idle) write(`no test file has "${word}" in its path; npm test -- --list names them`);
  write(`0 passed, ${idle.length} failed`);
  process.exit(1);
}

function list(): void {
  if (everything) for (const { name, command } of checks) write(`${name}: ${command.join(' ')}`);
  for (const { path, own } of chosen()) write(own === undefined ? path : `${path}: own process, ${own}`);
}

/** Whether `dist/` is what the sources say, where a test that was chosen goes by it. */
function bundleIsFresh(): boolean {
  const old = everything || chosen().some(({ path }) => usesBundle(path)) ? staleness(root) : undefined;
  if (old === undefined) return true;
  write(`npm run build, since ${old}`);
  return buildBundle(root);
}

async function once(): Promise<boolean> {
  if (!bundleIsFresh()) return summarise([problemReport('npm run build', 'it found what is above')]);
  if (everything)
    for (const { name, command } of checks) {
      const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
      if (status !== 0) return summarise([problemReport(`npm run ${name}`, 'it found what is above')]);
    }
  if (coverage) {
    rmSync(coverage, { recursive: true, force: true });
    mkdirSync(`${coverage}/tmp`, { recursive: true });
  }
  const reports: Report[] = [...(await runAll(chosen(), settings, options))];
  if (coverage && reports.length > 0) {
    const shares = coverageByFolder(root, coverage);
    for (const line of shares.lines) write(line);
    if (everything) reports.push(...belowFloors(shares).map((problem) => problemReport('coverage', problem)));
  }
  return summarise(reports);
}

async function whenever(): Promise<void> {
  const run = async (some: readonly TestFile[]): Promise<void> => {
    if (some.length > 0) summarise(await runAll(some, settings, options));
    write('waiting for a change; Ctrl-C ends');
  };
  watch(root, values.folder, async (changed) => {
    write(`changed: ${[...changed].join(', ')}`);
    await run(affected(root, files(), changed));
  });
  await run(words.length > 0 ? chosen() : []);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    endAll();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
if (values.list) list();
else if (values.watch) await whenever();
else process.exitCode = (await once()) ? 0 : 1;
