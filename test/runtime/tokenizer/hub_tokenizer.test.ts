import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenizer } from '../../../runtime/tokenizer/open_tokenizer.ts';
import { type Encoding, readEncoding } from '../../../runtime/tokenizer/tiktoken_pickle.ts';

const bytes = readFileSync(
  new URL('../../../examples/tiny-nanochat/tokenizer/tokenizer.pkl', import.meta.url),
);
const encoding = readEncoding(bytes, 'tokenizer.pkl');
const tiny = openTokenizer(bytes, 'tokenizer.pkl');

/** GPT-2's printable stand-ins for bytes. */
const printable = (() => {
  const kept = (b: number) => (b > 32 && b < 127) || (b > 160 && b < 173) || b > 173;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(kept(b) ? b : next++));
})();
const spell = (token: string) => [...token].map((c) => printable[c.charCodeAt(0)]!).join('');

/** The two parts that a token was merged from: merging again by lower ranks only. */
function merged(token: string, rank: number, ranks: Encoding['ranks']): readonly [string, string] {
  let parts = [...token];
  while (parts.length > 2) {
    const pairs = parts.slice(1).map((p, i) => ranks.get(parts[i]! + p) ?? rank);
    const best = pairs.indexOf(Math.min(...pairs));
    parts = [...parts.slice(0, best), parts[best]! + parts[best + 1]!, ...parts.slice(best + 2)];
  }
  return [parts[0]!, parts[1]!];
}

function toHub({ ranks, special, pattern }: Encoding): Uint8Array {
  const merges = [...ranks]
    .filter(([token]) => token.length > 1)
    .sort(([, a], [, b]) => a - b)
    .map(([token, rank]) => merged(token, rank, ranks).map(spell).join(' '));
  const json = {
    added_tokens: [...special].map(([content, id]) => ({ id, content, special: true, normalized: false })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries([...ranks].map(([t, id]) => [spell(t), id])), merges },
  };
  return new TextEncoder().encode(JSON.stringify(json));
}

const hub = openTokenizer(toHub(encoding), 'tokenizer.json');
const texts = [
  'ROMEO:\nBut, soft! what light',
  "I'll be he're",
  ' two  spaces ',
  '12345',
  'naïve 你好 🌍👩\u200d👧',
  '',
];

test('a tokenizer.json gives the tokens of the pickle it was made from', () => {
  for (const text of texts) {
    assert.is(hub.encode(text).join(), tiny.encode(text).join(), text);
    assert.is(hub.decode(tiny.encode(text)), text);
  }
});

test('streams text without half characters', () => {
  for (const text of texts) {
    const stream = hub.decodeStream();
    const parts = [...tiny.encode(text).map((id) => stream.push(id)), stream.end()];
    assert.is(parts.join(''), text);
    assert.not.ok(parts.some((p) => p.includes('\ufffd')));
  }
});

test('finds special tokens only when asked', () => {
  assert.is(hub.encode('<|bos|>A', { special: true }).join(), '1015,65');
  assert.is(hub.encode('<|bos|>A').join(), tiny.encode('<|bos|>A').join());
});

test('finds bos and the ends by their names, or by the config', () => {
  assert.is(hub.bos, 1015);
  assert.is(hub.stops.join(), '1019,1015');
  assert.is(hub.vocab, 1024);
  const config = new TextEncoder().encode(
    '{"bos_token": {"content": "<|user_start|>"}, "eos_token": "<|user_end|>"}',
  );
  const told = openTokenizer(toHub(encoding), 'tokenizer.json', config);
  assert.is(told.bos, 1016);
  assert.is(told.stops[0], 1017);
});

test.run();
