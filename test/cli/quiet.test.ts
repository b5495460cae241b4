/** `--quiet`: errors, and what was asked for. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, nanoc, nanocProcess, tiny } from './run_cli.ts';

const out = folder();
const model = join(out, 'm.onnx');
const chat = join(out, 'chat.onnx');
const small = ['--set', 'layers=1', '--set', 'dim=32', '--set', 'heads=2', '--set', 'vocab=97'];
const checkpoint = `${tiny}/base_checkpoints/d4`;

test('verbs whose result is a file, or that all is well, say nothing at all', async () => {
  for (const args of [
    ['compile', '--checkpoint', checkpoint, '-o', model],
    ['compile', '--checkpoint', `${tiny}/chatsft_checkpoints/d4`, '-o', chat],
    ['compile', 'nanochat', ...small, '-o', join(out, 'random.onnx'), '--verify'],
    ['compile', 'nanochat', ...small, '--layout', 'triton', '-o', join(out, 'triton')],
    ['verify', 'nanochat', ...small],
    ['check', 'nanochat'],
    ['new', join(out, 'mine')],
    ['new', join(out, 'draft'), '--from-checkpoint', checkpoint],
    ['fmt', join(out, 'mine.nanospec')],
  ]) {
    assert.equal(await nanoc([...args, '--quiet']), { code: 0, out: '', err: '' }, args.join(' '));
  }
});

test('verbs that print what they are asked for print that alone', async () => {
  for (const args of [
    ['run', model, '-e', '--prompt', 'ROMEO:\\n', '-n', '8'],
    ['run', model, '--prompt', 'ROMEO:', '-n', '8'],
    ['inspect', model],
    ['inspect', checkpoint],
    ['inspect', 'nanochat', '--html', join(out, 'page.html')],
    ['compile', 'nanochat', '--emit', 'graph'],
    ['compile', 'nanochat', '--explain', 'all'],
    ['specs'],
    ['targets'],
    ['completion', 'bash'],
  ]) {
    const ran = await nanoc([...args, '--quiet']);
    assert.is(ran.code, 0, args.join(' '));
    assert.is(ran.err, '', args.join(' '));
    assert.is.not(ran.out, '', args.join(' '));
  }
  const talked = nanocProcess(['chat', chat, '--temperature', '0', '--quiet'], 'What is 365-48?\n');
  assert.equal(talked, { code: 0, out: '317\n', err: '' });
});

test('a failed verification shows its table and what was found out', async () => {
  const bytes = readFileSync(model);
  // A weight in the middle of the file: what is random stays finite.
  const at = bytes.length >> 1;
  for (let i = 0; i < 4000; i += 4) bytes.writeFloatLE(0.7, (at & ~3) + i);
  const broken = join(out, 'broken.onnx');
  writeFileSync(broken, bytes);
  const ran = await nanoc(['verify', broken, '--checkpoint', checkpoint, '--quiet']);
  assert.is(ran.code, 1);
  assert.match(ran.out, 'FAILED');
  assert.match(ran.err, /N70\d/);
  assert.not.match(ran.err, 'looking for');
  assert.not.match(ran.err, 'weights:');
});

test('what is wrong is said', async () => {
  const ran = await nanoc(['compile', 'nanochta', '--quiet']);
  assert.is(ran.code, 1);
  assert.match(ran.err, 'did you mean `nanochat`?');
});

test('standard output is no file', async () => {
  for (const args of [
    ['compile', 'nanochat', ...small, '-o', '-'],
    ['compile', 'nanochat', ...small, '--layout', 'triton', '-o', '-'],
    ['inspect', 'nanochat', '--html', '-'],
  ]) {
    const ran = await nanoc(args, { cwd: out });
    assert.is(ran.code, 2);
    assert.match(ran.err, /N510: (?:-o|--html) - would be standard output/);
    assert.is(ran.out, '');
  }
});

test('a model has one size, wherever it is told', async () => {
  const size = /\b\d+(?:\.\d)? [kM]B\b/;
  const tokenizer = ['--tokenizer', `${tiny}/tokenizer`];
  for (const [i, external] of ['never', 'always'].entries()) {
    const path = join(out, `size_${i}.onnx`);
    const made = ['compile', 'nanochat', '--set', 'vocab=1024', ...small.slice(0, 6), ...tokenizer];
    const ran = await nanoc([...made, '--external', external, '-o', path]);
    assert.is(ran.code, 0, ran.err);
    const told = [
      size.exec(/writing .*: .*/.exec(ran.err)![0])![0],
      size.exec(ran.out)![0],
      size.exec((await nanoc(['inspect', path])).out)![0],
    ];
    assert.equal(told, Array(3).fill(told[0]));
    const { bytes } = JSON.parse((await nanoc(['inspect', path, '--json'])).out) as { bytes: number };
    const files = [path, `${path}_data`].slice(0, i + 1).map((file) => readFileSync(file).length);
    assert.is(
      bytes,
      files.reduce((a, b) => a + b),
    );
  }
});

test.run();
