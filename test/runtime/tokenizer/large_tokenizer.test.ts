/** Tokenizers with as many tokens as Gemma has: 262,144. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenizer } from '../../../runtime/tokenizer/open_tokenizer.ts';

const count = 262_144;

/** Every byte, then all pairs of bytes, then further ones of three, each made of two that are there. */
const tokens: readonly string[] = Array.from({ length: count }, (_, i) => {
  if (i < 256) return String.fromCharCode(i);
  const pair = (n: number) => String.fromCharCode(n >> 8, n & 255);
  return i < 256 + 65_536 ? pair(i - 256) : pair((i - 65_792) >> 8) + String.fromCharCode(i & 255);
});

const own = (b: number) => (b > 32 && b < 127) || (b > 160 && b < 173) || b > 173;
let others = 256;
const letters = Array.from({ length: 256 }, (_, b) => String.fromCharCode(own(b) ? b : others++));
const spelled = (token: string) => Array.from(token, (c) => letters[c.charCodeAt(0)]!).join('');

test('a tokenizer.json of 262,144 tokens is read', () => {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const json = {
    ...{ version: '1.0', added_tokens: [], normalizer: null, post_processor: null },
    ...{ pre_tokenizer: byteLevel, decoder: byteLevel },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(tokens.map((token, id) => [spelled(token), id])),
      merges: tokens.slice(256).map((t) => `${spelled(t.slice(0, -1))} ${spelled(t.slice(-1))}`),
    },
  };
  const tokenizer = openTokenizer(new TextEncoder().encode(JSON.stringify(json)), 'tokenizer.json');
  assert.is(tokenizer.vocab, count);
  const ids = tokenizer.encode('ROMEO 🌍');
  assert.is(tokenizer.decode(ids), 'ROMEO 🌍');
  assert.ok(ids.length < 10);
});

test('so is a rank file of as many', () => {
  const lines = tokens.map((token, id) => `${Buffer.from(token, 'latin1').toString('base64')} ${id}`);
  const tokenizer = openTokenizer(new TextEncoder().encode(lines.join('\n')), 'cl100k_base.tiktoken');
  assert.is(tokenizer.vocab, count);
  assert.is(tokenizer.decode(tokenizer.encode('ROMEO 🌍')), 'ROMEO 🌍');
});

test('a text of 300,000 tokens is encoded', () => {
  const lines = tokens
    .slice(0, 256)
    .map((token, id) => `${Buffer.from(token, 'latin1').toString('base64')} ${id}`);
  const tokenizer = openTokenizer(new TextEncoder().encode(lines.join('\n')), 'gpt2.tiktoken');
  assert.is(tokenizer.encode('word '.repeat(60_000)).length, 300_000);
});

test.run();
