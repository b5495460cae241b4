/** What is given for a spec and is none: said as what it is, or taken for what it can only mean. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../spec/limits.ts';
import { fixture, folder, nanoc, tiny, written } from './run_cli.ts';

const noise = (n: number): Buffer => {
  const bytes = Buffer.alloc(n);
  let state = 1;
  for (let i = 0; i < n; i++) {
    state = (state * 48271) % 2147483647;
    bytes[i] = state & 255;
  }
  return bytes;
};

const safetensors = `${fixture('qwen3')}/model.safetensors`;
const checkpoint = `${fixture('nanochat-g7-mha-t300')}`;

test('what is no spec is said as what it is, with what to type, in every verb that takes one', async () => {
  const out = folder();
  const model = join(out, 'm.onnx');
  assert.is((await nanoc(['compile', 'nanochat', ...small, '-o', model])).code, 0);
  const cases: readonly (readonly [path: string, said: RegExp])[] = [
    [safetensors, /is a checkpoint, not a spec\nhint: weights are named with --checkpoint/],
    [model, /is a compiled model, not a spec\nhint: .*nanoc verify /],
    [written('m.gguf', Buffer.concat([Buffer.from('GGUF\x03\0\0\0'), noise(9000)])), /is a GGUF model/],
    [written('page.png', Buffer.concat([Buffer.from('\x89PNG\r\n', 'latin1'), noise(99)])), /is an image/],
    [written('README.md', '# nanoc\n\nA compiler.\n'), /is a text in Markdown/],
    [written('index.nanospec', '<!doctype html><p>'), /a page of the web.*\nhint: it was downloaded/],
    [
      written('a.pt', 'version https://git-lfs.github.com/spec/v1\n'),
      /pointer of git-lfs.*\nhint: .*lfs pull/,
    ],
    [written('config.json', '{"vocab_size": 3}'), /is JSON, not a spec/],
    [written('old.pt', Buffer.from('\x80\x02}q\x01.', 'latin1')), /pickle/],
    [written('x.nanospec', noise(200_000)), /a binary file, not a spec/],
    [written('large.nanospec', '# more\n'.repeat(300_000)), /has more than \d+ bytes/],
    [folder(), /is a folder/],
    ['/dev/zero', /is no regular file/],
  ];
  for (const [path, said] of cases) {
    for (const verb of ['check', 'fmt']) {
      const ran = await nanoc([verb, path.replace(/^(?=\w+\.)/, './')]);
      assert.is(ran.code, 1, `${verb} ${path}: ${ran.err}`);
      assert.match(ran.err, said, `${verb} ${path}`);
      assert.ok(ran.err.length < 1000, ran.err);
    }
    const both = await nanoc(['compile', path, '--checkpoint', checkpoint, '-o', `${folder()}/`]);
    assert.is(both.code, 1, both.err);
    assert.match(both.err, said);
  }
});

test('what is no model is said as what it is, with what to type, in every verb that takes one', async () => {
  const page = written('page.onnx', '<!doctype html><p>');
  const cases: readonly (readonly [path: string, said: RegExp])[] = [
    [page, /N704: .*page.onnx is a page of the web, not a compiled model\nhint: it was downloaded/],
    [written('README.md', '# nanoc\n'), /is a text in Markdown, not a compiled model\nhint: name a \.onnx/],
    [written('notes.txt', 'some words'), /is a text, not a compiled model\nhint: name a \.onnx or \.pt/],
    [written('noise.bin', noise(9000)), /is a binary file, not a compiled model/],
    [written('noise.pt', noise(9000)), /is a binary file, not a compiled model/],
    [written('empty.onnx', ''), /is empty/],
    [
      written('my.nanospec', 'model m {}'),
      /is a text, .*\nhint: compile it first: nanoc compile .*my\.nanospec/,
    ],
    ['nanochat', /nanochat is the name of a spec\nhint: compile it first: nanoc compile nanochat -o/],
    [
      safetensors,
      /is a checkpoint, not a compiled model\nhint: compile it first: nanoc compile --checkpoint /,
    ],
    [checkpoint, /no model in this folder\n.*\nhint: compile it first: nanoc compile --checkpoint /],
    [folder(), /no model in this folder\n.*\nhint: name the model itself/],
  ];
  for (const [path, said] of cases) {
    for (const verb of [['run', '--tokens', '1'], ['chat']]) {
      const ran = await nanoc([...verb, path]);
      assert.is(ran.code, 1, `${verb} ${path}: ${ran.err}`);
      assert.match(ran.err, said, `${verb} ${path}`);
    }
  }
  assert.match((await nanoc(['inspect', page])).err, /is a page of the web/);
});

test('verify takes a checkpoint for one, whatever its name ends in', async () => {
  const path = `${checkpoint}/model_000000.pt`;
  const ran = await nanoc(['verify', path]);
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.err, `${path} is a checkpoint: taken as --checkpoint ${path}`);
});

const small = ['--set', 'layers=1', '--set', 'dim=32', '--set', 'heads=2', '--set', 'vocab=97'];

test('a pipe that nobody writes to, and links that lead in a circle, are refused at once', async () => {
  const out = folder();
  const [pipe, link] = [join(out, 'pipe.nanospec'), join(out, 'link.nanospec')];
  execFileSync('mkfifo', [pipe]);
  symlinkSync(link, link);
  assert.match((await nanoc(['check', pipe])).err, /N507: .* is a pipe/);
  assert.match((await nanoc(['check', link])).err, /N507: .*(?:ELOOP|does not exist)/);
});

test('a checkpoint in the place of the spec is taken for one, and that is said', async () => {
  for (const path of [checkpoint, safetensors]) {
    const out = join(folder(), 'm.onnx');
    const ran = await nanoc(['compile', path, '-o', out]);
    assert.is(ran.code, 0, ran.err);
    assert.match(ran.err, `${path} is a checkpoint: taken as --checkpoint ${path}`);
    assert.match(ran.err, 'spec: recognised');
  }
  const base = await nanoc(['compile', `${tiny}/base_checkpoints/d4`, '-o', `${folder()}/`]);
  assert.is(base.code, 0, base.err);
  // A folder that holds none is no checkpoint.
  const empty = folder();
  mkdirSync(join(empty, 'src'));
  assert.match((await nanoc(['compile', empty])).err, /N507: spec .* is a folder/);
});

test('however wrong a text is, 20 errors are said, and how many more there are', async () => {
  const many = limits.diagnostics + 480;
  const texts = {
    lexer: '$ '.repeat(many),
    checker: `model m { wte: Embedding(9, 4)
${Array.from({ length: many }, (_, i) => `  a${i} = b${i} + 1\n`).join('')}
  forward(tokens: int64[B, T]) -> logits: [B, T, 4] = wte(tokens) }`,
    warnings: `model m { wte: Embedding(9, 4)
${Array.from({ length: many }, (_, i) => `  a${i}: Linear(4, 4)\n`).join('')}
  forward(tokens: int64[B, T]) -> logits: [B, T, 4] = wte(tokens) }`,
  };
  for (const [name, text] of Object.entries(texts)) {
    const path = written('m.nanospec', text);
    const { err, code } = await nanoc(['check', path]);
    const kind = name === 'warnings' ? 'warning' : 'error';
    assert.is(code, kind === 'error' ? 1 : 0, name);
    const said = [...err.matchAll(new RegExp(`${kind} N\\d+: (.*)`, 'g'))].map((m) => m[1]);
    assert.is(said.length, limits.diagnostics + 1, name);
    assert.is(said.at(-1), `and 480 more ${kind}s`, name);
    const json = (await nanoc(['check', path, '--json'])).out.trim().split('\n');
    assert.is(JSON.parse(json.at(-1)!).more, 480, name);
  }
  const parsed = await nanoc(['check', written('m.nanospec', 'model m { x = = }\n'.repeat(many))]);
  assert.ok([...parsed.err.matchAll(/error N/g)].length <= limits.diagnostics + 1, parsed.err);
});

test('nothing of a file reaches the terminal as a command', async () => {
  const path = written('m.nanospec', 'model m { x = "\x1b]52;c;aGk=\x07" \x1b[2J }');
  const { err } = await nanoc(['check', path]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.not.match(err, /[\x00-\x08\x0b-\x1f]/);
});

test('words that every object of JavaScript knows are words like any other', async () => {
  for (const word of ['constructor', 'toString', 'hasOwnProperty']) {
    assert.is((await nanoc([word])).code, 2, word);
    assert.match((await nanoc(['compile', word])).err, 'error N507: no spec named');
    const text = (body: string): string =>
      `model m { wte: Embedding(9, 4) forward(tokens: int64[B, T]) -> logits: [B, T, 4] = ${body} }`;
    for (const body of [word, `${word}(wte(tokens))`, `wte(tokens).${word}`, `wte.${word}`, `let ${word}`]) {
      const ran = await nanoc(['check', written('m.nanospec', text(body))]);
      assert.is(ran.code, 1, `${body}: ${ran.err}`);
      assert.not.match(ran.err, 'native code');
    }
    assert.is((await nanoc(['check', written('m.nanospec', word)])).code, 1);
  }
});

test.run();
