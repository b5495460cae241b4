/** Conversations on the command line: what nanochat's engine answers, tool and all, in one process with its cache kept. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lettersTokenizer } from '../harness/letters.ts';
import { command, folder, lines, nanoc, nanocProcess, root, tiny, written } from './run_cli.ts';

interface Turn {
  readonly user: string;
  readonly text: string;
}

// Written by nanochat's own engine.
const conversations = JSON.parse(
  readFileSync(`${tiny}/reference/chat_greedy.json`, 'utf8'),
) as readonly (readonly Turn[])[];
const model = join(folder(), 'chat.onnx');
const made = await nanoc(['compile', '--checkpoint', `${tiny}/chatsft_checkpoints/d4`, '-o', model]);
const last = conversations.at(-1)!;

const talk = (input: string, ...args: string[]) =>
  nanocProcess(['chat', model, '--temperature', '0', ...args], input);

/** An answer without what the tool was asked and said. */
const shown = ({ text }: Turn): string =>
  text.replace(/<\|python_start\|>.*?<\|output_end\|>/, '').replace('<|assistant_end|>', '');

test("turns are answered as nanochat's engine answers them", () => {
  assert.is(made.code, 0, made.err);
  const { code, out, err } = talk(`${last.map((t) => t.user).join('\n')}\n`);
  assert.is(code, 0, err);
  assert.is(out, last.map((t) => `${shown(t)}\n`).join(''));
  assert.is(err, '[365-48 = 317]\n');
});

test('for programs every answer is a line of JSON', () => {
  const { code, out } = talk(`${last.map((t) => t.user).join('\n')}`, '--json');
  assert.is(code, 0);
  const [first, second] = lines(out).map((line) => JSON.parse(line));
  assert.equal(first.tools, [{ code: '365-48', result: '317' }]);
  assert.is(first.text, '317');
  assert.is(second.text, shown(last[1]!));
  assert.is(second.end, 'stop');
});

test('without tools the model has to know', () => {
  const { out, err } = talk('What is 12*7?\n', '--no-tools');
  assert.match(out, '<|python_start|>12*7<|python_end|>');
  assert.not.match(out, '84');
  assert.is(err, '');
});

test('/new forgets what was said, /quit leaves', () => {
  const [first, second] = last as readonly [Turn, Turn];
  const { out, err } = talk(`${first.user}\n/new\n/help\n\n${second.user}\n/quit\nmore\n`);
  assert.match(err, '/new begins another conversation, /quit or Ctrl-D leaves');
  const alone = talk(second.user).out;
  assert.is(out, `${shown(first)}\n${alone}`);
  assert.is.not(alone, `${shown(second)}\n`);
});

test('a system message goes before the first one', () => {
  const with_ = talk('Speak as ROMEO.\n', '--system', 'Be brief.').out;
  assert.is.not(with_, talk('Speak as ROMEO.\n').out);
});

test('what cannot be talked to is refused with a reason', () => {
  const long = talk(`${'word '.repeat(3000)}\n`);
  assert.is(long.code, 1);
  assert.match(long.err, /N706: the text outgrows the context/);
  const other = talk('hello\n', '--tokenizer', lettersTokenizer(2));
  assert.is(other.code, 1);
  assert.match(other.err, /N708: the tokenizer has not the tokens of a conversation/);
  assert.match(other.err, 'nanoc run continues any text');
});

test('Ctrl-C stops an answer, and the conversation goes on', async () => {
  const args = command(['chat', model, '--temperature', '0', '--no-tools', '-n', '2000']);
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stdin.write('What is 12*7?\n');
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  while (!out.endsWith('\n')) await once(child.stdout, 'data');
  const before = out.length;
  child.stdin.write('Speak as ROMEO.\n');
  child.stdin.end();
  const [code] = await once(child, 'exit');
  assert.is(code, 0);
  assert.ok(out.length > before);
});

test('Ctrl-C where nothing is answered ends the conversation, and says so', async () => {
  const args = command(['chat', model, '--temperature', '0', '-n', '20']);
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stderr.on('data', (data) => {
    err += data;
  });
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stdin.write('What is 365-48?\n');
  while (!out.endsWith('\n')) await once(child.stdout, 'data');
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  assert.is(code, 130);
  assert.match(err, 'the conversation is over\n');
  assert.not.match(err, 'left behind');
});

test('Ctrl-C while the model is opened is heard before the first message', async () => {
  const mark = join(folder(), 'begun');
  const plugin = written(
    'waits.mjs',
    `import { writeFileSync } from 'node:fs';
    writeFileSync(${JSON.stringify(mark)}, '');
    await new Promise((done) => setTimeout(done, 400));
    export const passes = [];`,
  );
  const args = command(['chat', model, '--plugin', plugin]);
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  let err = '';
  child.stderr.on('data', (data) => {
    err += data;
  });
  const ended = once(child, 'exit');
  while (!existsSync(mark) && child.exitCode === null) await wait(20);
  child.kill('SIGINT'); // and its input stays open
  assert.equal(await ended, [130, null], err);
  assert.match(err, 'the conversation is over\n');
});

test.run();
