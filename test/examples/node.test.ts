/** The programs of examples/node, on the library as it is built, against what nanochat's engine says. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, nanoc, root, tiny, written } from '../cli/run_cli.ts';

const programs = join(root, 'examples/node');
const model = join(folder(), 'model.onnx');
const made = await nanoc(['compile', '--checkpoint', `${tiny}/base_checkpoints/d4`, '-o', model]);
const tokenizer = model.replace('.onnx', '.tokenizer.json');
const [first] = JSON.parse(readFileSync(`${tiny}/reference/base_greedy.json`, 'utf8')) as readonly [
  { readonly prompt: string; readonly engine_text: string },
];
const expected = first.engine_text.replace(/<\|bos\|>$/, '');

test('the library is built', () => {
  assert.is(made.code, 0, made.err);
  assert.ok(existsSync(join(root, 'dist/index.js')), 'npm run build');
});

test('a text streams, and what is wrong is said', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(programs, 'stream.mjs'), ...args], { encoding: 'utf8' });
  const { status, stdout, stderr } = run(model, tokenizer, first.prompt);
  assert.is(status, 0, stderr);
  assert.ok(stdout.length > 20);
  assert.is(run(model, tokenizer, first.prompt).stdout, stdout);
  assert.is(run(model).status, 2);
  const wrong = run(written('m.onnx', 'no model'), tokenizer, 'x');
  assert.is(wrong.status, 1);
  assert.match(wrong.stderr, /error N\d+/);
});

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
}

async function serve(): Promise<Server> {
  const child = spawn(process.execPath, [join(programs, 'serve.mjs'), model, tokenizer, '0']);
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, url: /http:\S+/.exec(String(line))![0] };
}

const ask = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });

/** The texts of the events, joined, and how it ended. */
async function read(response: Response): Promise<readonly [string, string]> {
  const events = (await response.text()).split('\n\n').filter((e) => e !== '');
  const data = events.map(
    (e) => JSON.parse(/^data: (.*)$/m.exec(e)![1]!) as { text?: string; reason?: string },
  );
  return [data.map((d) => d.text ?? '').join(''), events.at(-1)!];
}

test('a server answers with events, one after the other, and says when it has too much to do', async () => {
  const { child, url } = await serve();
  const greedy = { prompt: first.prompt, maxTokens: 64, temperature: 0 };
  assert.equal(await read(await ask(url, greedy)), [expected, 'event: end\ndata: {"reason":"stop"}']);
  const many = await Promise.all(Array.from({ length: 16 }, () => ask(url, greedy)));
  const answered = many.filter((r) => r.status === 200);
  const refused = many.filter((r) => r.status === 503);
  assert.ok(answered.length >= 8 && refused.length >= 1, `${answered.length} and ${refused.length}`);
  assert.is(refused[0]!.headers.get('retry-after'), '1');
  for (const response of answered) assert.is((await read(response))[0], expected);
  for (const [body, said] of [
    ['{', 'not JSON'],
    [{}, '`prompt` has to be a text'],
    [{ prompt: 'x', maxTokens: 'y' }, '`maxTokens` has to be a number'],
  ] as const) {
    const response = await ask(url, body);
    assert.is(response.status, 400);
    assert.match(((await response.json()) as { error: string }).error, said);
  }
  const long = await read(await ask(url, { ...greedy, prompt: 'word '.repeat(3000) }));
  assert.match(long[1], /^event: error\ndata: .*outgrows the context/);
  assert.is((await fetch(url)).status, 404);
  child.kill('SIGTERM');
  assert.equal(await once(child, 'exit'), [0, null]);
});

test('asked to end, it lets the text under way come to its end; one that nobody reads is left', async () => {
  const { child, url } = await serve();
  const left = new AbortController();
  const body = JSON.stringify({ prompt: 'ROMEO:', maxTokens: 1000, temperature: 0.9 });
  const gone = await fetch(url, { method: 'POST', body, signal: left.signal });
  await gone.body!.getReader().read();
  left.abort();
  const response = await ask(url, { prompt: first.prompt, maxTokens: 64, temperature: 0 });
  child.kill('SIGINT');
  assert.is((await read(response))[0], expected);
  assert.equal(await once(child, 'exit'), [0, null]);
});

test.run();
