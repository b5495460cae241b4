/** Tokens of real encodings and of nanochat's, held against tiktoken's own code (its wasm build), over random Unicode. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { Tiktoken } from 'tiktoken';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenizer } from '../../../runtime/tokenizer/open_tokenizer.ts';
import { readRanks } from '../../../runtime/tokenizer/rank_file.ts';
import { type Encoding, readEncoding } from '../../../runtime/tokenizer/tiktoken_pickle.ts';
import type { Tokenizer } from '../../../runtime/tokenizer/tokenizer.ts';
import { tokenizerFiles } from '../../../runtime/tokenizer/write_tokenizer.ts';

interface Published {
  readonly pat_str: string;
  readonly special_tokens: Readonly<Record<string, number>>;
  /** Lines `! first token token ...`, tokens in base64. */
  readonly bpe_ranks: string;
}

const published = (name: string): Published =>
  createRequire(import.meta.url)(`tiktoken/encoders/${name}.json`) as Published;

/** As the file that tiktoken downloads. */
function rankFile({ bpe_ranks }: Published): Uint8Array {
  const lines = bpe_ranks.split('\n').flatMap((line) => {
    const [, first, ...tokens] = line.split(' ');
    return tokens.map((token, i) => `${token} ${Number(first) + i}\n`);
  });
  return new TextEncoder().encode(lines.join(''));
}

/** Letters of many scripts, marks, joiners, odd white space, digits, contractions: where split patterns differ. */
const odd = [
  ...[
    "'s",
    "'LL",
    "'ſ",
    "don't",
    ' ',
    '  ',
    '\t',
    '\n',
    '\r\n',
    '\n\n',
    '\u00a0',
    '\u2003',
    '\u3000',
    '\u200b',
  ],
  ...[
    'a',
    'Z',
    'é',
    'e\u0301',
    'ß',
    'Ǆ',
    'ｗ',
    'ж',
    '你',
    '好',
    'の',
    '한',
    'ก',
    'ع',
    'ש',
    '𝒳',
    '🙂',
    '👩\u200d👧',
    '🏳️',
  ],
  ...[
    '0',
    '12',
    '345',
    '6789',
    '²',
    '٣',
    'Ⅷ',
    '½',
    '-',
    '/',
    '...',
    '!?',
    '<|endoftext|>',
    '_',
    '\0',
    '\u0085',
  ],
];
const unicode = fc.oneof(
  fc.string({
    unit: fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'grapheme', maxLength: 2 })),
    maxLength: 25,
  }),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

function agrees(mine: Tokenizer, theirs: Tiktoken, runs: number): void {
  fc.assert(
    fc.property(unicode, (text) => {
      const tokens = mine.encode(text);
      assert.equal(tokens, [...theirs.encode_ordinary(text)], JSON.stringify(text));
      assert.is(
        mine.decode(tokens),
        new TextDecoder('utf-8', { ignoreBOM: true }).decode(theirs.decode(new Uint32Array(tokens))),
      );
    }),
    { numRuns: runs, seed: 11 },
  );
}

const oracle = ({ bpe_ranks, special_tokens, pat_str }: Published): Tiktoken =>
  new Tiktoken(bpe_ranks, { ...special_tokens }, pat_str);

for (const name of ['gpt2', 'p50k_base', 'cl100k_base', 'o200k_base']) {
  test(`${name} from its rank file is what tiktoken makes of it`, () => {
    const theirs = published(name);
    const bytes = rankFile(theirs);
    const file = `${name}.tiktoken`;
    const encoding = readRanks(bytes, file);
    assert.equal(new Map(Object.entries(theirs.special_tokens)), encoding.special);
    const checker = oracle(theirs);
    agrees(openTokenizer(bytes, file), checker, 400);
    if (name !== 'p50k_base') assert.is(readRanks(bytes, 'renamed.tiktoken').pattern, encoding.pattern);
    checker.free();
  });
}

const pickle = readFileSync(
  new URL('../../../examples/tiny-nanochat/tokenizer/tokenizer.pkl', import.meta.url),
);
const nanochat = readEncoding(pickle, 'tokenizer.pkl');

/** In the words of tiktoken's wasm build. */
function theirsOf({ ranks, special, pattern }: Encoding): Tiktoken {
  const tokens = [...ranks]
    .sort(([, a], [, b]) => a - b)
    .map(([t]) => Buffer.from(t, 'latin1').toString('base64'));
  return oracle({
    bpe_ranks: `! 0 ${tokens.join(' ')}`,
    special_tokens: Object.fromEntries(special),
    pat_str: pattern,
  });
}

test('nanochat from its pickle, and from the tokenizer.json that nanoc writes of it, are what tiktoken makes of it', () => {
  const checker = theirsOf(nanochat);
  agrees(openTokenizer(pickle, 'tokenizer.pkl'), checker, 1500);
  const json = new TextEncoder().encode(tokenizerFiles(nanochat, { bos: '<|bos|>' }).tokenizer);
  agrees(openTokenizer(json, 'tokenizer.json'), checker, 1500);
  checker.free();
});

test('two tokens exchanged are seen', () => {
  const [a, b] = [nanochat.ranks.get('th')!, nanochat.ranks.get('e')!];
  const checker = theirsOf({ ...nanochat, ranks: new Map([...nanochat.ranks, ['th', b], ['e', a]]) });
  assert.throws(() => agrees(openTokenizer(pickle, 'tokenizer.pkl'), checker, 1500));
  checker.free();
});

test.run();
