/** The forms a tokenizer comes in besides nanochat's pickle: rank files, and GPT-2's vocabulary beside its merges. */

import { readFileSync } from 'node:fs';
import { Tiktoken } from 'tiktoken';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gpt2Tokenizer } from '../../../runtime/tokenizer/gpt2_files.ts';
import { openTokenizer } from '../../../runtime/tokenizer/open_tokenizer.ts';
import { readRanks } from '../../../runtime/tokenizer/rank_file.ts';
import { readEncoding } from '../../../runtime/tokenizer/tiktoken_pickle.ts';
import { tokenizerFiles } from '../../../runtime/tokenizer/write_tokenizer.ts';
import { refusal } from '../../harness/refusal.ts';

const pickle = readFileSync(
  new URL('../../../examples/tiny-nanochat/tokenizer/tokenizer.pkl', import.meta.url),
);
const nanochat = readEncoding(pickle, 'tokenizer.pkl');
const base64 = (token: string): string => Buffer.from(token, 'latin1').toString('base64');
const sorted = [...nanochat.ranks].sort(([, a], [, b]) => a - b);
const text = (lines: readonly string[]): Uint8Array => new TextEncoder().encode(lines.join('\n'));
const ranks = sorted.map(([token, rank]) => `${base64(token)} ${rank}`);

const { model } = JSON.parse(tokenizerFiles(nanochat).tokenizer) as {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly string[] };
};
const vocab = { ...model.vocab, '<|endoftext|>': sorted.length };
const files = (v: unknown, merges: readonly string[]) =>
  gpt2Tokenizer(
    { bytes: text([typeof v === 'string' ? v : JSON.stringify(v)]), file: 'vocab.json' },
    { bytes: text(merges), file: 'merges.txt' },
  );

const gpt2Pattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

test("GPT-2's two files give the tokens that tiktoken gives for its pattern", () => {
  const mine = openTokenizer(files(vocab, ['#version: 0.2', ...model.merges, '']), 'tokenizer.json');
  const theirs = new Tiktoken(`! 0 ${sorted.map(([t]) => base64(t)).join(' ')}`, {}, gpt2Pattern);
  for (const sample of [
    ...[
      'ROMEO:\nBut, soft! what light',
      "I'll be he're, don't",
      ' two  spaces ',
      '12345 6',
      'naïve 你好 🌍',
      '\n\n\t x',
      '',
    ],
  ]) {
    assert.equal(mine.encode(sample), [...theirs.encode_ordinary(sample)], sample);
    assert.is(mine.decode(mine.encode(sample)), sample);
  }
  theirs.free();
  assert.equal(mine.special, new Map([['<|endoftext|>', sorted.length]]));
  assert.is(mine.bos, sorted.length);
  assert.equal(mine.stops, [sorted.length]);
  const fewer = openTokenizer(files(vocab, model.merges.slice(0, 40)), 'tokenizer.json');
  assert.not.equal(fewer.encode('what light'), mine.encode('what light'));
});

test('a config beside the two files says what begins a text', () => {
  const begin = (settings: object) => {
    const config = text([JSON.stringify(settings)]);
    const json = gpt2Tokenizer(
      { bytes: text([JSON.stringify(vocab)]), file: 'vocab.json' },
      { bytes: text(model.merges), file: 'merges.txt' },
      config,
    );
    return openTokenizer(json, 'tokenizer.json', config).around;
  };
  const bos_token = '<|endoftext|>';
  assert.equal(begin({ bos_token, add_bos_token: true }), { before: [sorted.length], after: [] });
  assert.equal(begin({ bos_token, add_bos_token: false }), { before: [], after: [] });
  assert.equal(begin({ bos_token: '<none>', add_bos_token: true }), { before: [], after: [] });
});

const refused = (act: () => unknown): string =>
  refusal(act)
    .diagnostics.map((d) => [d.code, d.message, d.found, d.hint].join(' | '))
    .join('\n');

test('damaged files are refused with the line', () => {
  const first = sorted[300]![0];
  for (const [act, said] of [
    [
      () => readRanks(text(ranks), 'x.tiktoken'),
      /which encoding .* \| 1015 ranks \| name the file after it \(gpt2/,
    ],
    [() => readRanks(text([...ranks, '???']), 'gpt2.tiktoken'), 'line 1016 is no token and its rank'],
    [
      () => readRanks(text([...ranks, `${base64(first)} 5000`]), 'gpt2.tiktoken'),
      'line 1016 gives a token or a rank again',
    ],
    [
      () => readRanks(text([...ranks, `${base64('never')} 7`]), 'gpt2.tiktoken'),
      'line 1016 gives a token or a rank again',
    ],
    [() => readRanks(text(ranks.slice(1)), 'gpt2.tiktoken'), 'no token for the byte'],
    [() => files('{', []), 'not a vocabulary'],
    [() => files({ a: 'b' }, []), '"a" has no id'],
    [() => files(vocab, ['#version: 0.2', 'zzzz q']), 'line 2 is no merge'],
    [
      () => openTokenizer(Uint8Array.of(0x0a, 7, 10, 5), 'tokenizer.model'),
      'damaged, or no SentencePiece model',
    ],
    [() => openTokenizer(text(['words']), 'tokenizer.pkl'), 'tiktoken has rank files'],
  ] as const)
    assert.match(refused(act), said);
});

test('an encoding is known by its name, and its special tokens begin and end a text', () => {
  const llama = openTokenizer(text(ranks), 'llama3.tiktoken');
  assert.is(llama.bos, 128_000);
  assert.equal(llama.stops, [128_009, 128_008, 128_001]);
  assert.is(llama.special.get('<|reserved_special_token_0|>'), 128_002);
  assert.is(llama.special.get('<|reserved_special_token_2|>'), 128_005);
  const qwen = openTokenizer(text(ranks), 'qwen.tiktoken');
  assert.equal(qwen.encode('12345').length, 5);
});

test.run();
