/** Signals and deadlines while the command is busy and hears nothing: each is answered, and nothing is left. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { wantsSupervisor } from '../../cli/supervision.ts';
import { command, folder, nanoc, root, written } from './run_cli.ts';

const small = ['--set', 'layers=1', '--set', 'dim=32', '--set', 'heads=2', '--set', 'vocab=97'];

/** A process of nanoc, and what it has said on stderr. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const child = spawn(process.execPath, command(args), { cwd: root, stdio, env: { ...process.env, ...env } });
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  const ended = once(child, 'close').then(([code]) => code as number | null); // as Node has it
  return { child, ended, said: () => said.join('') };
}

async function until(is: () => boolean, { child, said }: ReturnType<typeof start>): Promise<void> {
  while (!is()) {
    if (child.exitCode !== null) throw new Error(`it ended: ${said()}`);
    await wait(20);
  }
}

/** A pass that begins, says so in a file, and never comes to its end. */
const endlessPass = (mark: string): string =>
  written(
    'endless.mjs',
    `import { writeFileSync } from 'node:fs';
    export const passes = [{ name: 'endless', doc: 'x', keepsScopes: true, run() {
      writeFileSync(${JSON.stringify(mark)}, '');
      for (;;);
    } }];`,
  );

/** A backend that writes a little, and never comes to the rest. */
const endlessBackend = written(
  'backend.mjs',
  `export default { name: 'slow', doc: 'x', extension: '.x', needs: () => 'x', passes: () => [], emit: () => ({
    diagnostics: [],
    files: [{ name: 'm.x', size: 1 << 22, *chunks() { yield new Uint8Array(1 << 21); for (;;); } }],
  }) };`,
);

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

for (const [signal, exit] of Object.entries(codes) as [keyof typeof codes, number][]) // the keys of the table
  test(`${signal} ends a command that computes and hears nothing with ${exit}`, async () => {
    const mark = join(folder(), 'begun');
    const out = folder();
    const run = start(['compile', 'nanochat', ...small, '--plugin', endlessPass(mark), '-o', `${out}/`]);
    await until(() => existsSync(mark), run);
    run.child.kill(signal);
    assert.is(await run.ended, exit, run.said());
    assert.match(run.said(), 'interrupted; nothing was left behind');
    assert.equal(readdirSync(out), []);
  });

test('before anything is written, a signal simply ends a command that runs no code but ours', async () => {
  for (const args of [
    ['compile', 'deepseek_v3', '--emit', 'graph'],
    ['inspect', 'deepseek_v3'],
  ]) {
    const run = start(args);
    const signal = once(run.child, 'exit').then(([, name]) => name);
    await wait(300);
    run.child.kill('SIGINT');
    assert.is(await signal, 'SIGINT', `${args.join(' ')}: ${run.said()}`);
  }
});

test('only what runs the code of others has a process to watch it', () => {
  const wants = (...words: readonly string[]) => wantsSupervisor(['node', 'nanoc', ...words]);
  for (const words of ['compile llama -o m.onnx', 'compile m --target torchscript', 'inspect llama', 'new m'])
    assert.not.ok(wants(...words.split(' ')), words);
  for (const words of [
    ...['run m.onnx', 'chat m.onnx', 'verify m.onnx', 'compile m --verify', 'check m --plugin=p.mjs'],
    ...[
      'compile m --target ./b.mjs',
      'compile m --target=b.mjs',
      'compile m --target onnx --target torchscript',
    ],
  ])
    assert.ok(wants(...words.split(' ')), words);
});

test('a chat or a run that hears nothing is ended with words of its own', async () => {
  for (const [verb, said] of [
    [['chat'], /^the conversation is over$/m],
    [['run', '--tokens', '1'], /^interrupted$/m],
    [['verify'], /^interrupted; not everything was checked$/m],
  ] as const) {
    const mark = join(folder(), 'begun');
    const begin = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(mark)}, '');`;
    const busy = written('busy.mjs', `${begin} for (;;);`);
    const run = start([...verb, 'm.onnx', '--plugin', busy]);
    await until(() => existsSync(mark), run);
    run.child.kill('SIGTERM');
    assert.is(await run.ended, 143, run.said());
    assert.match(run.said(), said);
    assert.not.match(run.said(), 'left behind');
  }
});

test('a command that hears a signal and does not come to its end is ended', async () => {
  const mark = join(folder(), 'begun');
  const begin = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(mark)}, '');`;
  const waits = written('waits.mjs', `${begin} await new Promise((done) => setTimeout(done, 1e8));`);
  const env = { NANOC_PLUGIN_SECONDS: '100000' };
  const run = start(['compile', 'nanochat', ...small, '--plugin', waits, '-o', `${folder()}/`], env);
  await until(() => existsSync(mark), run);
  run.child.kill('SIGTERM');
  assert.is(await run.ended, 143, run.said());
  assert.match(run.said(), 'interrupted; nothing was left behind');
});

test('whoever stops reading is no failure, and whoever reads no messages changes no exit code', async () => {
  for (const [args, stream, exit] of [
    [['compile', '--help'], 'stdout', 0],
    [['help', 'run'], 'stdout', 0],
    [['specs'], 'stdout', 0],
    [['check', 'nothing.nanospec'], 'stderr', 1],
    [['compile', 'nanochat', ...small, '--emit', 'graph'], 'stderr', 0],
  ] as const) {
    const run = start(args);
    run.child[stream].destroy();
    assert.is(await run.ended, exit, `${args.join(' ')}: ${run.said()}`);
    assert.is(run.said(), '', args.join(' '));
  }
});

test('a signal while a file is written, and no chunk comes to its end, leaves no file and no folder', async () => {
  const out = folder();
  const inner = join(out, 'new');
  const run = start(['compile', 'nanochat', ...small, '--target', endlessBackend, '-o', `${inner}/`]);
  await until(() => existsSync(inner) && readdirSync(inner).length > 0, run);
  assert.match(readdirSync(inner).join(), /\.partial$/);
  run.child.kill('SIGTERM');
  assert.is(await run.ended, 143, run.said());
  assert.equal(readdirSync(out), []);
});

test('kill -9 ends the busy command with its supervisor, and the next run removes what it left', async () => {
  const out = folder();
  const args = ['compile', 'nanochat', ...small, '-o', join(out, 'm.x')];
  const run = start([...args, '--target', endlessBackend]);
  await until(() => readdirSync(out).length > 0, run);
  const [left = ''] = readdirSync(out);
  run.child.kill('SIGKILL');
  // Its pipes are closed when the command itself has ended.
  assert.is(await run.ended, null);
  assert.equal(readdirSync(out), [left]);
  const target = written(
    'quick.mjs',
    readFileSync(endlessBackend, 'utf8').replace('for (;;);', 'yield new Uint8Array(1 << 21);'),
  );
  const again = await nanoc([...args, '--target', target]);
  assert.is(again.code, 0, again.err);
  assert.match(again.err, `removed what an interrupted run had left: ${join(out, left)}`);
  assert.equal(readdirSync(out), ['m.x']);
});

test('a plugin that does not come to its end is named after a while', async () => {
  const env = { NANOC_PLUGIN_SECONDS: '2' };
  for (const [name, text, said] of [
    [
      'waits',
      'await new Promise(() => {}); export const passes = [];',
      /waits\.mjs cannot be loaded\nfound .*within 2 s/,
    ],
    ['loops', 'for (;;); export const passes = [];', /loops\.mjs does not answer\nfound .*3 s/],
  ] as const) {
    const run = start(['check', 'nanochat', '--plugin', written(`${name}.mjs`, text)], env);
    assert.is(await run.ended, 1, run.said());
    assert.match(run.said(), 'error N512');
    assert.match(run.said(), said);
  }
  const lists = readFileSync(endlessBackend, 'utf8').replace('passes: () => []', 'passes() { for (;;); }');
  const listing = start(['compile', 'nanochat', ...small, '--target', written('lists.mjs', lists)], env);
  assert.is(await listing.ended, 1, listing.said());
  assert.match(listing.said(), /error N512: .*lists\.mjs does not answer/);
  const mark = join(folder(), 'begun');
  const run = start(
    ['compile', 'nanochat', ...small, '--plugin', endlessPass(mark), '-o', `${folder()}/`],
    env,
  );
  assert.is(await run.ended, 1, run.said());
  assert.match(run.said(), /error N512: .*endless\.mjs does not answer/);
});

test('a plugin that ends the process, or fails behind its back, is named, and leaves nothing', async () => {
  const chunk = 'for (;;);';
  const cases: readonly (readonly [name: string, text: string, said: RegExp])[] = [
    ['exits', 'process.exit(0);', /N512: .*exits\.mjs ended the process/],
    [
      'leaves',
      readFileSync(endlessBackend, 'utf8').replace(chunk, 'process.exit(0);'),
      /N512: .*leaves\.mjs ended the process/,
    ],
    [
      'rejects',
      `Promise.reject(new Error('nobody hears')); await new Promise((done) => setTimeout(done, 100));`,
      /N512: .*rejects\.mjs failed while nobody called it\nfound .*Error: nobody hears/,
    ],
    [
      'traps',
      `export default new Proxy({}, { get() { throw new Error('a trap'); } });`,
      /N512: .*failed\nfound .*a trap/,
    ],
  ];
  const quick = readFileSync(endlessBackend, 'utf8').replace(chunk, 'yield new Uint8Array(1 << 21);');
  const timer = written('timer.mjs', `setInterval(() => {}, 1000);\n${quick}`);
  const kept = start(['compile', 'nanochat', ...small, '--target', timer, '-o', `${folder()}/`]);
  assert.is(await kept.ended, 0, kept.said());
  for (const [name, text, said] of cases) {
    const out = folder();
    const target = written(`${name}.mjs`, text);
    const run = start(['compile', 'nanochat', ...small, '--target', target, '-o', `${out}/new/`]);
    assert.is(await run.ended, 1, `${name}: ${run.said()}`);
    assert.match(run.said(), said);
    assert.not.match(run.said(), /^ +at /m);
    assert.equal(readdirSync(out), [], name);
  }
});

test('a command that is ended for want of memory is said to be, with nothing left', async () => {
  const hungry = written(
    'hungry.mjs',
    `export const passes = [{ name: 'hungry', doc: 'x', keepsScopes: true, run() {
      process.kill(process.pid, 'SIGKILL');
    } }];`,
  );
  const run = start(['compile', 'nanochat', ...small, '--plugin', hungry, '-o', `${folder()}/`]);
  assert.is(await run.ended, 1, run.said());
  assert.match(run.said(), 'ended by SIGKILL, most likely for want of memory');
});

test.run();
