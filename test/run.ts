/**
 * `npm test`: type check, lint and every test. `npm test -- spec/` runs the test files whose path holds a word, and
 * nothing else. Ends with `N passed, N failed`.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checks } from './harness/checks.ts';
import { belowFloors, coverageByFolder } from './harness/coverage.ts';
import type { TestFile } from './harness/lane.ts';
import { problemReport, type Report } from './harness/report.ts';
import { runAll, summarise } from './harness/run_all.ts';
import { select } from './harness/select.ts';
import { endAll, type Settings } from './harness/test_process.ts';
import { affected, watch } from './harness/watch.ts';

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    /** Only tests whose title holds these words. */
    title: { type: 'string', short: 't', default: '' },
    /** Run again what loads a file that was changed. */
    watch: { type: 'boolean', default: false },
    /** Say which lines ran, by folder. */
    coverage: { type: 'boolean', default: false },
    /** Print what would run, and which files have a process of their own and why. */
    list: { type: 'boolean', default: false },
    processes: { type: 'string', default: String(Math.max(2, Math.min(4, availableParallelism()))) },
    /** Where to look for tests; the harness's own tests look elsewhere. */
    folder: { type: 'string', default: 'test' },
    'idle-seconds': { type: 'string', default: '300' },
    'busy-seconds': { type: 'string', default: '1500' },
  },
});
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

function list(): void {
  if (everything) for (const { name, command } of checks) write(`${name}: ${command.join(' ')}`);
  for (const { path, own } of files()) write(own === undefined ? path : `${path}: own process, ${own}`);
}

async function once(): Promise<boolean> {
  if (everything)
    for (const { name, command } of checks) {
      const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
      if (status !== 0) return summarise([problemReport(`npm run ${name}`, 'it found what is above')]);
    }
  if (coverage) {
    rmSync(coverage, { recursive: true, force: true });
    mkdirSync(`${coverage}/tmp`, { recursive: true });
  }
  const reports: Report[] = [...(await runAll(files(), settings, options))];
  if (coverage && reports.length > 0) {
    const shares = coverageByFolder(root, coverage);
    for (const line of shares.lines) write(line);
    if (everything) reports.push(...belowFloors(shares).map((problem) => problemReport('coverage', problem)));
  }
  return summarise(reports);
}

async function whenever(): Promise<void> {
  const run = async (chosen: readonly TestFile[]): Promise<void> => {
    if (chosen.length > 0) summarise(await runAll(chosen, settings, options));
    write('waiting for a change; Ctrl-C ends');
  };
  watch(root, values.folder, async (changed) => {
    write(`changed: ${[...changed].join(', ')}`);
    await run(affected(root, files(), changed));
  });
  await run(words.length > 0 ? files() : []);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    endAll();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
if (values.list) list();
else if (values.watch) await whenever();
else process.exitCode = (await once()) ? 0 : 1;
