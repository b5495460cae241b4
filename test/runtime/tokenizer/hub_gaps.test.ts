/** Small tokenizers that the library reads otherwise than Hugging Face's own tokenizers, which gave the ids. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenizer } from '../../../runtime/tokenizer/open_tokenizer.ts';
import { Refusal } from '../../../spec/diagnostic.ts';

const unknown = { id: 0, content: '<unk>', special: true, normalized: false };

const opened = (model: object, pre_tokenizer: object | null = null) =>
  openTokenizer(
    new TextEncoder().encode(
      JSON.stringify({
        added_tokens: [unknown],
        normalizer: null,
        pre_tokenizer,
        post_processor: null,
        decoder: null,
        model: { unk_token: '<unk>', ...model },
      }),
    ),
    'tokenizer.json',
  );

test('a word that no list of words has is the unknown token', () => {
  const vocab = { '<unk>': 0, Hello: 1, world: 2 };
  const words = opened({ type: 'WordLevel', vocab }, { type: 'WhitespaceSplit' });
  assert.equal(words.encode('Hello there world'), [1, 0, 2]);
});

test('what no token spells is unknown where a tokenizer falls back to bytes that it does not have', () => {
  const bytes = opened({ type: 'BPE', vocab: { '<unk>': 0, a: 1 }, merges: [], byte_fallback: true });
  assert.equal(bytes.encode('aza'), [1, 0, 1]);
  assert.equal(bytes.encode('<unk>'), [0, 0, 0, 0, 0]);
});

test('pieces of one length are measured in characters', () => {
  const bases = opened(
    { type: 'BPE', vocab: { '<unk>': 0, a: 1, b: 2 }, merges: [] },
    { type: 'FixedLength', length: 2 },
  );
  assert.equal(bases.encode('a😀b'), [1, 0, 2]);
});

test('a prefix of all pieces but the first of a word is refused', () => {
  try {
    opened({ type: 'BPE', vocab: { '<unk>': 0 }, merges: [], continuing_subword_prefix: '##' });
    assert.unreachable();
  } catch (cause) {
    assert.instance(cause, Refusal);
    assert.match((cause as Refusal).diagnostics[0]!.found!, /^continuing_subword_prefix = "##"/);
  }
});

test.run();
