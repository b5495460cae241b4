/** Files that share a process: what one of them does is told, and neither swallowed nor blamed on another. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownProcess } from '../harness/isolation.ts';
import { affected } from '../harness/watch.ts';
import { run, runTests } from './run_tests.ts';
import { root, sources } from './sources.ts';

/** One process, so that the files are run in the order of their names. */
const inOrder = (folder: string, ...more: readonly string[]) => {
  const { status, text, last } = run(folder, '--processes', '1', ...more);
  const told = text
    .split('\n')
    .filter((line) => line.startsWith('failed: '))
    .map((line) => line.replace(`failed: test/fixtures/harness/${folder}/`, ''));
  return { status, text, last, told };
};

test('a process that crashes or exits fails the file that was at work, and the others run', () => {
  const { status, text, last, told } = inOrder('shared');
  assert.equal(told, [
    'b_crashes.test.ts: it exited with 1, in or after "forgets a promise"',
    'c_exits.test.ts: it exited with 0, in or after "ends the process"',
  ]);
  assert.match(text, /Error: nobody hears\n {4}at .*b_crashes\.test\.ts:4/);
  assert.match(text, /ok {3}test\/fixtures\/harness\/shared\/d_passes/);
  assert.equal([status, last], [1, '2 passed, 2 failed']);
});

test('a file that cannot be loaded, throws while it is, or declares tests too late fails', () => {
  const { last, told } = inOrder('loads');
  assert.is(told.length, 3);
  assert.match(told[0]!, /^missing\.test\.ts: Error \[ERR_MODULE_NOT_FOUND\]: .*no_such_file\.ts/);
  assert.is(told[1], 'throws.test.ts: Error: thrown by the file itself');
  assert.is(told[2], 'twice.test.ts: it never calls run() for 1 of its tests');
  assert.is(last, '1 passed, 3 failed');
});

test('a hook that throws fails the tests that uvu leaves out for it', () => {
  assert.equal(inOrder('hooks').told, [
    'before.test.ts: a `before` hook threw: Error: no room',
    'before.test.ts: 1 of its tests did not run to their end',
  ]);
});

test('what a file leaves open is told, in a process of its own too', () => {
  const { last, told } = inOrder('leaks', '--idle-seconds', '20');
  assert.equal(told, [
    'a_timer.test.ts: it left open: Timeout',
    'b_own.test.ts: it left open: TCPServerWrap',
  ]);
  assert.is(last, '3 passed, 2 failed');
});

test('what a file leaves changed is told, and whom it failed', () => {
  const { last, told } = inOrder('changes');
  assert.equal(told, [
    'a_environment.test.ts: it left the environment changed',
    'b_chance.test.ts: it left Math.random changed',
    'c_state.test.ts: finds what nobody touched',
    'c_state.test.ts: alone it passes; before it in the same process ran test/fixtures/harness/changes/b_touches.test.ts',
  ]);
  assert.is(last, '3 passed, 3 failed');
});

test('what a file throws after its end names the files that ran before', () => {
  assert.equal(inOrder('late').told, [
    'b_waits.test.ts: it exited with 1, in or after "waits"',
    'b_waits.test.ts: alone it passes; before it in the same process ran test/fixtures/harness/late/a_throws_later.test.ts',
  ]);
});

test('a file that hangs is ended, and so is one that never stops working', () => {
  assert.equal(inOrder('hangs', '--idle-seconds', '5').told, [
    'one.test.ts: it hung: it did nothing for 5 s, and was ended, in or after "waits"',
  ]);
  assert.equal(inOrder('loops', '--busy-seconds', '2', '--idle-seconds', '8').told, [
    'one.test.ts: it was ended after 2 s of processor time: a loop without end?, in or after "loops"',
  ]);
});

test('a file gets a process of its own by what it loads, by what it does, and by its own word', () => {
  const file = (text: string, packages: readonly string[] = []) => [{ path: 'test/x.ts', text, packages }];
  const why = (text: string, packages: readonly string[] = []) => ownProcess(file(text, packages));
  assert.is(why('const x = process.env["CI"] === "true";'), undefined);
  assert.is(why('', ['node:fs', 'onnxruntime-web/types']), 'test/x.ts loads onnxruntime-web/types');
  assert.is(why('', ['node:child_process']), 'test/x.ts loads node:child_process');
  assert.is(why('process.chdir(folder);'), 'test/x.ts changes the working directory');
  assert.is(why('process.env["X"] ??= "1";'), 'test/x.ts changes the environment');
  assert.is(why('addOp(softsign);'), 'test/x.ts adds ops or targets');
  assert.is(why('/** Doc. */\n// own process: it counts memory\nimport x;'), 'it counts memory');
  assert.is(ownProcess([...file(''), ...file('', ['onnxruntime-node'])]), 'test/x.ts loads onnxruntime-node');
});

test('a change runs again what loads the file, and everything for what no file imports', () => {
  const files = [{ path: 'test/spec/lex.test.ts' }, { path: 'test/repository/size.test.ts' }];
  assert.equal(affected(root, files, new Set(['spec/lex.ts'])), [files[0]]);
  assert.equal(affected(root, files, new Set(['test/repository/sources.ts'])), [files[1]]);
  assert.equal(affected(root, files, new Set(['bench/run.ts'])), []);
  assert.equal(affected(root, files, new Set(['examples/gpt2.nanospec'])), files);
});

test('`npm test` types, lints and runs every file; a word leaves the checks out', () => {
  const manifest: { scripts: Record<string, string> } = JSON.parse(
    readFileSync(`${root}package.json`, 'utf8'),
  );
  assert.is(manifest.scripts['test'], 'node --import tsx test/run.ts');
  const { text } = runTests('--list');
  const [typecheck, lint, ...files] = text.trimEnd().split('\n');
  assert.match(typecheck!, /^typecheck: .*tsc --noEmit$/);
  assert.match(lint!, /^lint: .*biome check --error-on-warnings \.$/);
  const kept = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts') && !path.startsWith('fixtures/'))
    .map((path) => `test/${path}`);
  assert.equal(files.map((line) => line.split(': ')[0]!).sort(), kept.sort());
  assert.is(runTests('--list', 'spec/lex').text, 'test/spec/lex.test.ts\n');
});

test('with --watch a changed file is run again, and nothing after Ctrl-C', async () => {
  mkdirSync(`${root}out`, { recursive: true });
  const folder = mkdtempSync(`${root}out/watched-`);
  const file = `${folder}/one.test.ts`;
  const body = (value: number): string =>
    `import { test } from 'uvu';\nimport * as assert from 'uvu/assert';\n` +
    `test('is one', () => assert.is(${value}, 1));\ntest.run();\n`;
  writeFileSync(file, body(1));
  const args = ['--import', 'tsx', 'test/run.ts', '--watch', '--folder', relative(root, folder), 'one'];
  const child = spawn(process.execPath, args, { cwd: root });
  let text = '';
  const hears = async (words: string): Promise<void> => {
    while (!text.includes(words)) text += String((await once(child.stdout, 'data'))[0]);
    text = text.slice(text.indexOf(words) + words.length);
  };
  await hears('1 passed, 0 failed');
  await hears('waiting for a change');
  writeFileSync(file, body(2));
  await hears('0 passed, 1 failed');
  await hears('waiting for a change');
  writeFileSync(file, body(1));
  await hears('1 passed, 0 failed');
  child.kill('SIGINT');
  assert.equal(await once(child, 'exit'), [130, null]);
  rmSync(folder, { recursive: true });
});

test('no test is judged by a clock', () => {
  const clocks = /\btimeout: [\d_]+|\bperformance\.now\(\)|\bhrtime\b/;
  for (const { path, text } of sources)
    if (/^test\/(?!harness\/|repository\/test_processes)/.test(path)) assert.not(clocks.test(text), path);
});

test.run();
