/** Tokenizers of the published shapes: the ids are those of transformers, which `scripts/tokenizer_fixtures.py` wrote down. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { promptTokens } from '../../../runtime/generate_text.ts';
import { openTokenizer } from '../../../runtime/tokenizer/open_tokenizer.ts';
import { refusal } from '../../harness/refusal.ts';

const root = new URL('../../fixtures/tokenizers/', import.meta.url);

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  readonly plain: readonly number[];
  readonly ordinary: readonly number[];
  readonly decoded: string;
}

const names = readdirSync(root).filter((name) => existsSync(new URL(`${name}/tokenizer.json`, root)));
const read = (name: string, file: string) => readFileSync(new URL(`${name}/${file}`, root));
const casesOf = (name: string) => JSON.parse(read(name, 'cases.json').toString()) as readonly Case[];
const open = (name: string) =>
  openTokenizer(read(name, 'tokenizer.json'), 'tokenizer.json', read(name, 'tokenizer_config.json'));

test('every published shape is there', () => {
  const wanted = [
    'deepseek',
    'gemma',
    'gpt2',
    'llama2',
    'llama3',
    'phi',
    'pythia',
    'qwen3',
    'starcoder2',
    't5',
  ];
  assert.equal(
    wanted.filter((name) => !names.includes(name)),
    [],
  );
});

for (const name of names) {
  test(`${name}: the ids of transformers, with and without what the tokenizer adds`, () => {
    const tokenizer = open(name);
    for (const { text, ids, plain, ordinary, decoded } of casesOf(name)) {
      const shown = JSON.stringify(text);
      assert.equal(tokenizer.encode(text, { special: true }), plain, shown);
      assert.equal(tokenizer.encode(text), ordinary, shown);
      assert.is(tokenizer.decode(plain), decoded, shown);
      if (ids.length > 0) assert.equal(promptTokens(tokenizer, text, { special: true }), ids, shown);
    }
  });
}

const pieces = readdirSync(root).filter((name) => existsSync(new URL(`${name}/tokenizer.model`, root)));

test('there are models of SentencePiece of both kinds', () => {
  assert.equal(pieces, ['spm_gemma', 'spm_llama2', 'spm_unigram', 'spm_unknown']);
});

for (const name of pieces) {
  test(`${name}: the ids of SentencePiece, and what the config puts around them`, () => {
    const config = new URL(`${name}/tokenizer_config.json`, root);
    const tokenizer = openTokenizer(
      read(name, 'tokenizer.model'),
      'tokenizer.model',
      existsSync(config) ? readFileSync(config) : undefined,
    );
    const unknown = tokenizer.special.get('<unk>')!;
    for (const { text, ids, plain, decoded } of casesOf(name)) {
      const shown = JSON.stringify(text);
      assert.equal(tokenizer.encode(text), plain, shown);
      if (ids.length > 0) assert.equal(promptTokens(tokenizer, text), ids, shown);
      // What stands for an unknown character is each library's own, and so are spaces where a model drops them anyway.
      const shownAs = (written: string) => (/_un/.test(name) ? written.trimStart() : written);
      if (!plain.includes(unknown)) assert.is(shownAs(tokenizer.decode(plain)), decoded, shown);
    }
  });
}

test('a token begins a text where the tokenizer says so, and not where it only knows one', () => {
  const beginning = names.filter((name) => open(name).around.before.length > 0);
  assert.equal(beginning, ['gemma', 'llama2', 'llama2_metaspace', 'llama3', 'whole_words']);
  assert.equal(open('t5').around, { before: [], after: [1] });
  assert.is.not(open('gpt2').bos, undefined);
});

test('whoever asks may have it otherwise', () => {
  const [gpt2, llama] = [open('gpt2'), open('llama3')];
  const text = 'Hello';
  const plain = gpt2.encode(text);
  assert.equal(promptTokens(gpt2, text), plain);
  assert.equal(promptTokens(gpt2, text, { bos: 'always' }), [gpt2.bos!, ...plain]);
  assert.equal(promptTokens(llama, text, { bos: 'always' }), [llama.bos!, ...llama.encode(text)]);
  assert.equal(promptTokens(llama, text, { bos: 'never' }), llama.encode(text));
  assert.equal(promptTokens(open('t5'), text, { bos: 'never' }), open('t5').encode(text));
});

const refused = (act: () => unknown): string =>
  refusal(act)
    .diagnostics.map((d) => `${d.code} ${d.message}`)
    .join();

test('what cannot be had is refused', () => {
  assert.is(
    refused(() => promptTokens(open('qwen3'), 'x', { bos: 'always' })),
    'N705 the tokenizer has no token that begins a text',
  );
  assert.is(
    refused(() => promptTokens(open('gpt2'), '')),
    'N705 the prompt has no tokens',
  );
});

test.run();
