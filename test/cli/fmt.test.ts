import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf, nanoc, nanocProcess, written } from './run_cli.ts';

const loose = `## A head.
model m {
  config { dim=16 from "n_embd"
    vocab = 32   from "vocab_size" }
  wte : Embedding( vocab,dim )     # rows
  forward(tokens:int64[B,T])->logits:float32[B,T,vocab] {
    return  matmul(wte(tokens),transpose(wte.weight))
  }
}
`;

test('a file is rewritten in place, once, and keeps its comments', async () => {
  const file = written('m.nanospec', loose);
  const first = await nanoc(['fmt', file]);
  assert.is(first.code, 0, first.err);
  assert.match(first.err, 'm.nanospec: formatted');
  const text = bytesOf(file).toString();
  assert.is.not(text, loose);
  assert.match(text, '## A head.');
  assert.match(text, '# rows');
  assert.equal(await nanoc(['fmt', file]), { code: 0, out: '', err: '' });
  assert.is(bytesOf(file).toString(), text);
  assert.is((await nanoc(['fmt', '--check', file])).code, 0);
});

test('with --check nothing is written and the exit code tells', async () => {
  const file = written('m.nanospec', loose);
  const { code, out } = await nanoc(['fmt', '--check', file]);
  assert.is(code, 1);
  assert.match(out, 'm.nanospec is not in canonical form');
  const told = await nanoc(['fmt', '--check', '--json', file]);
  assert.equal([told.code, JSON.parse(told.out)], [1, { file, canonical: false }]);
  assert.is(nanocProcess(['fmt', '--check', '-'], loose).code, 1);
  assert.is(bytesOf(file).toString(), loose);
});

test('stdin goes to stdout', async () => {
  const { code, out } = nanocProcess(['fmt', '-'], loose);
  assert.is(code, 0);
  assert.match(out, 'wte: Embedding(vocab, dim)');
});

test('a file that does not parse, or is not there, is left as it is, and the others are not', async () => {
  const bad = written('bad.nanospec', 'model {');
  const good = written('m.nanospec', loose);
  const { code, err } = await nanoc(['fmt', 'nowhere.nanospec', bad, good]);
  assert.is(code, 1);
  assert.match(err, 'bad.nanospec:1:7 error N102');
  assert.is(bytesOf(bad).toString(), 'model {');
  assert.is.not(bytesOf(good).toString(), loose);
});

test('the shipped specs are in canonical form', async () => {
  const { code, out } = await nanoc(['fmt', '--check', 'examples/nanochat_2026_03.nanospec']);
  assert.is(code, 0, out);
});

test.run();
