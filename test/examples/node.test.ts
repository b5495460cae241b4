/** The programs of examples/node, on the library as it is built, against what nanochat's engine says. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, nanoc, root, tiny, written } from '../cli/run_cli.ts';

const programs = join(root, 'examples/node');
const model = join(folder(), 'model.onnx');
const made = await nanoc(['compile', '--checkpoint', `${tiny}/base_checkpoints/d4`, '-o', model]);
const tokenizer = model.replace('.onnx', '.tokenizer.json');
const [first] = JSON.parse(readFileSync(`${tiny}/reference/base_greedy.json`, 'utf8')) as readonly [
  { readonly prompt: string; readonly engine_text: string; readonly nostop_ids: readonly number[] },
];
const bos = 1015; // which ends a text, too
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
  assert.is(stderr, '');
  assert.is(run(model).status, 2);
  const empty = run(model, tokenizer, 'JULIET:');
  assert.is(empty.stdout, '\n');
  assert.is(empty.stderr, 'the model ended its text at once\n');
  const wrong = run(written('m.onnx', 'no model'), tokenizer, 'x');
  assert.is(wrong.status, 1);
  assert.match(wrong.stderr, /error N\d+/);
});

test('a program finds, compiles, opens, verifies and drafts, as the command does', async () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(programs, 'whole_way.mjs'), ...args], { encoding: 'utf8' });
  const out = folder();
  const checkpoint = `${tiny}/base_checkpoints/d4`;
  const { status, stdout, stderr } = run(checkpoint, out);
  assert.is(status, 0, stderr);
  const [compiled, verified, continued, drafted] = stdout.trim().split('\n');
  const path = /^(\S+\.onnx): \d+ nodes, opset 21$/.exec(compiled!)?.[1] ?? '';
  assert.ok(readFileSync(path).equals(readFileSync(model)), 'the same bytes');
  assert.match(verified!, /^(\d+) of \1 checks agree$/);
  const ran = await nanoc(['run', model, '--prompt', 'My lord', '-n', '20']);
  assert.is(`${JSON.stringify(ran.out.slice(0, -1))}`, continued!.slice('My lord'.length));
  assert.match(drafted!, /drafted\.nanospec: \d+ marks to look at$/);
  assert.match(stderr, 'spec: recognised nanochat');
  const typed = await nanoc(['new', join(folder(), 'drafted'), '--from-checkpoint', checkpoint, '--json']);
  const { file } = JSON.parse(typed.out) as { readonly file: string };
  assert.is(readFileSync(join(out, 'drafted.nanospec'), 'utf8'), readFileSync(file, 'utf8'));
  assert.is(run(checkpoint).status, 2);
  const wrong = run(join(out, 'absent.pt'), out);
  assert.is(wrong.status, 1);
  assert.match(wrong.stderr, /error N601/);
  assert.not.match(wrong.stderr, / at .*:\d+:\d+/);
});

test('every prompt that the documents show is answered', async () => {
  const shown = ['examples/node/README.md', 'examples/node/serve.mjs'].map((page) =>
    readFileSync(join(root, page), 'utf8'),
  );
  const typed = /stream\.mjs .* "([^"]*)"/.exec(shown[0]!)![1]!;
  const streamed = spawnSync(process.execPath, [join(programs, 'stream.mjs'), model, tokenizer, typed]);
  assert.ok(String(streamed.stdout).trim().length > 20, String(streamed.stdout));
  const { child, url } = await serve();
  for (const page of shown) {
    const body = /-d '([^']*)'/.exec(page)![1]!;
    // What is drawn differs from call to call, and a line may be short: seeds make it the same here.
    const texts: string[] = [];
    for (const seed of [1, 2, 3, 4]) {
      const [text] = await read(await ask(url, { ...JSON.parse(body), seed }));
      assert.is.not(text.trim(), '', `nothing is said with seed ${seed}`);
      texts.push(text);
    }
    assert.ok(texts.join('').length > 4 * 20, texts.join('\n'));
  }
  child.kill('SIGTERM');
  await once(child, 'exit');
});

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
}

const children: ChildProcess[] = [];
test.after(() => {
  for (const child of children) child.kill('SIGKILL'); // after a failure one may still wait
});

async function serve(program = 'serve.mjs', args: readonly string[] = [model, tokenizer]): Promise<Server> {
  const child = spawn(process.execPath, [join(programs, program), ...args, '0']);
  children.push(child);
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, url: /http:\S+/.exec(String(line))![0] };
}

const headers = { 'content-type': 'application/json' };

const ask = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

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
  const tokens = first.nostop_ids.indexOf(bos);
  assert.equal(await read(await ask(url, greedy)), [
    expected,
    `event: end\ndata: {"reason":"stop","tokens":${tokens}}`,
  ]);
  const atOnce = await read(await ask(url, { ...greedy, prompt: 'ROMEO:' }));
  assert.equal(atOnce, ['', 'event: end\ndata: {"reason":"stop","tokens":0}']);
  const many = await Promise.all(Array.from({ length: 48 }, () => ask(url, greedy)));
  const answered = many.filter((r) => r.status === 200);
  const refused = many.filter((r) => r.status === 503);
  assert.ok(answered.length >= 8 && refused.length >= 1, `${answered.length} and ${refused.length}`);
  assert.is(refused[0]!.headers.get('retry-after'), '1');
  for (const response of answered) assert.is((await read(response))[0], expected);
  for (const [body, said] of [
    ['{', 'not JSON'],
    [{}, '`prompt` has to be a text'],
    ['null', '`prompt` has to be a text'],
    ...(['y', 0, 1.5, -1, 1e300, null] as const).map(
      (maxTokens) => [{ prompt: 'x', maxTokens }, '`maxTokens` has to be a whole number, 1 or more'] as const,
    ),
    [{ prompt: 'x', topK: 0.5 }, '`topK` has to be a whole number, 1 or more'],
    [{ prompt: 'x', temperature: -1 }, '`temperature` has to be a number, 0 or more'],
    [{ prompt: 'x', seed: 1.5 }, '`seed` has to be a whole number, 0 or more'],
    [{ prompt: 'x', max_tokens: 3 }, '`max_tokens` is none of prompt, maxTokens'],
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
  const body = JSON.stringify({ prompt: 'ROMEO:\n', maxTokens: 1000, temperature: 0.9 });
  const gone = await fetch(url, { method: 'POST', headers, body, signal: left.signal });
  await gone.body!.getReader().read();
  left.abort();
  const response = await ask(url, { prompt: first.prompt, maxTokens: 64, temperature: 0 });
  child.kill('SIGINT');
  assert.is((await read(response))[0], expected);
  assert.equal(await once(child, 'exit'), [0, null]);
});

/** What comes back for these bytes, until the server ends the connection. */
function raw(url: string, ...parts: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(part);
    });
    socket.setEncoding('utf8').on('data', (data) => {
      text += data;
    });
    socket.on('error', () => undefined).on('close', () => resolve(text));
  });
}

const head = (url: string, ...lines: readonly string[]): string =>
  [`POST /generate HTTP/1.1`, ...lines.map((l) => l.replace('OWN', new URL(url).host)), '', ''].join('\r\n');
const [own, json] = ['Host: OWN', 'Content-Type: application/json'];

test('a server answers only what names it, as JSON, and of a bounded length', async () => {
  const { child, url } = await serve();
  const status = async (...lines: readonly string[]): Promise<string> =>
    (await raw(url, head(url, 'Connection: close', ...lines))).slice(9, 12);
  const body = ['Content-Length: 2'];
  for (const host of ['evil.example', `evil.example:${new URL(url).port}`, '127.0.0.1'])
    assert.is(await status(`Host: ${host}`, json, ...body), '421', host);
  assert.is(await status(own, ...body), '415');
  assert.is(await status(own, 'Content-Type: text/plain', ...body), '415');
  const named = await raw(
    url,
    `${head(url, own.replace('OWN', url.slice(7).replace('127.0.0.1', 'localhost').replace('/generate', '')), json, 'Connection: close', ...body)}{}`,
  );
  assert.match(named, '400 Bad Request');
  const long = JSON.stringify({ prompt: 'x'.repeat(2 ** 21) });
  const refused = await ask(url, long);
  assert.is(refused.status, 413);
  assert.match(((await refused.json()) as { error: string }).error, 'longer than 1048576 bytes');
  const wide = await ask(url, JSON.stringify({ prompt: '\u00e9'.repeat(600_000) })); // two bytes each
  assert.is(wide.status, 413);
  const streamed = new Blob([long]).stream();
  const chunked = await fetch(url, {
    method: 'POST',
    headers,
    body: streamed,
    duplex: 'half',
  } as RequestInit);
  assert.is(chunked.status, 413);
  child.kill();
});

test('a server ends slow requests, and says nothing of clients that go away', async () => {
  const { child, url } = await serve();
  let complaints = '';
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const slow = [raw(url, 'POST /gen'), raw(url, head(url, own, json, 'Content-Length: 100'), '{"pro')];
  for (let i = 0; i < 3; i++) {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const begun = i === 0 ? '{"pro' : '{"prompt": "ROMEO:", "temperature": 0.9, "maxTokens": 500}';
    socket.write(head(url, own, json, `Content-Length: ${i === 0 ? 100 : begun.length}`) + begun);
    await once(socket, i === 0 ? 'connect' : 'data');
    socket.resetAndDestroy();
  }
  const greedy = { prompt: first.prompt, maxTokens: 64, temperature: 0 };
  assert.is((await read(await ask(url, greedy)))[0], expected);
  for (const text of await Promise.all(slow)) assert.match(text, /^HTTP\/1\.1 408 /);
  child.kill('SIGTERM');
  assert.equal(await once(child, 'exit'), [0, null]);
  assert.is(complaints, '');
});

test('a connection that asks nothing does not keep a server from its end', async () => {
  const { child, url } = await serve();
  const silent = raw(url, head(url, own, json, 'Content-Length: 100'), '{"pro');
  await ask(url, '{');
  child.kill('SIGTERM');
  assert.equal(await once(child, 'exit'), [0, null]);
  await silent;
});

test('texts differ from request to request, unless a seed is named', async () => {
  const { child, url } = await serve();
  const draw = async (more: object): Promise<string> =>
    (await read(await ask(url, { prompt: 'O', maxTokens: 30, temperature: 1.5, ...more })))[0];
  const free = [await draw({}), await draw({}), await draw({})];
  assert.is(new Set(free).size, 3, free.join(' | '));
  assert.is(await draw({ seed: 7 }), await draw({ seed: 7 }));
  child.kill();
});

test('a server that cannot start says why in a line', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(programs, 'serve.mjs'), ...args], { encoding: 'utf8' });
  for (const [code, said, ...args] of [
    [2, 'usage', model],
    [2, 'usage', model, tokenizer, 'http'],
    [1, 'error N', written('m.onnx', 'no model'), tokenizer, '0'],
    [1, 'ENOENT', model, 'absent', '0'],
  ] as const) {
    const { status, stderr } = run(...args);
    assert.is(status, code, stderr);
    assert.match(stderr, said);
    assert.not.match(stderr, / at .*:\d+:\d+/);
  }
});

test.run();
