import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenizer } from '../../../runtime/tokenizer/open_tokenizer.ts';
import { type Encoding, readEncoding } from '../../../runtime/tokenizer/tiktoken_pickle.ts';
import type { Tokenizer } from '../../../runtime/tokenizer/tokenizer.ts';
import { tokenizerFiles } from '../../../runtime/tokenizer/write_tokenizer.ts';
import { randomText } from './random_text.ts';

const read = (path: string): Uint8Array => readFileSync(new URL(`../../../${path}`, import.meta.url));
const json = <T>(path: string): T => JSON.parse(Buffer.from(read(path)).toString('utf8')) as T; // written by us

interface Cases {
  readonly texts: readonly string[];
  readonly patterns: Readonly<
    Record<string, { readonly pattern: string; readonly ids: readonly (readonly number[])[] }>
  >;
  readonly special: readonly { readonly text: string; readonly ids: readonly number[] }[];
}
// Encoded by Python's tiktoken.
const cases = json<Cases>('test/fixtures/tokenizer/tiktoken_cases.json');

const pickle = read('examples/tiny-nanochat/tokenizer/tokenizer.pkl');
const encoding = readEncoding(pickle, 'tokenizer.pkl');
const tiny = openTokenizer(pickle, 'tokenizer.pkl');
const ends = { bos: '<|bos|>', eos: '<|assistant_end|>' };

/** What @huggingface/tokenizers makes of the files. */
function reread(from: Encoding): Tokenizer {
  const { tokenizer, config } = tokenizerFiles(from, ends);
  const text = new TextEncoder();
  return openTokenizer(text.encode(tokenizer), 'tokenizer.json', text.encode(config));
}

const differing = (a: Tokenizer, texts: readonly string[], ids: readonly (readonly number[])[]): string[] =>
  texts.filter((text, i) => a.encode(text).join() !== ids[i]!.join());

test('encodes as the Engine of nanochat does', () => {
  const theirs = json<readonly { text: string; ids: readonly number[] }[]>(
    'examples/tiny-nanochat/reference/tokenizer_cases.json',
  );
  const texts = theirs.map(({ text }) => text);
  const ids = theirs.map((c) => c.ids.filter((id) => id !== tiny.bos));
  assert.equal(differing(reread(encoding), texts, ids), []);
});

for (const [name, { pattern, ids }] of Object.entries(cases.patterns)) {
  test(`splits as tiktoken does by the pattern of ${name}`, () => {
    assert.equal(differing(reread({ ...encoding, pattern }), cases.texts, ids), []);
  });
}

test('another order of ranks and another pattern are seen', () => {
  const { ids } = cases.patterns['nanochat']!;
  const swapped = new Map([...encoding.ranks].map(([text, id]) => [text, id < 256 ? id : 1270 - id]));
  assert.ok(differing(reread({ ...encoding, ranks: swapped }), cases.texts, ids).length > 0);
  const words = { ...encoding, pattern: ' ?\\p{L}| ?[^\\p{L}]+' };
  assert.ok(differing(reread(words), cases.texts, ids).length > 0);
});

test('agrees with our own reading of the pickle on text made of tokens and odd characters', () => {
  const hub = reread(encoding);
  const same = fc.property(
    randomText(encoding.ranks.keys()),
    (t) => hub.encode(t).join() === tiny.encode(t).join(),
  );
  fc.assert(same, { seed: 7, numRuns: 1500 });
});

test('agrees where a token is made in a way that its own merges would not go', () => {
  // `abc` is made of a and bc, and of ab and c; `xyz` of nothing but its whole.
  const bytes = Array.from({ length: 256 }, (_, b): [string, number] => [String.fromCharCode(b), b]);
  const more = ['bc', 'xa', 'ab', 'abc', 'xab', 'cc', 'xyz'].map((t, i): [string, number] => [t, 256 + i]);
  const made: Encoding = {
    ...encoding,
    ranks: new Map([...bytes, ...more]),
    special: new Map([['<|bos|>', 263]]),
  };
  const hub = reread(made);
  const own = ownReading(made);
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'x', 'y', 'z', ' ') });
  fc.assert(
    fc.property(letters, (t) => hub.encode(t).join() === own(t)),
    { seed: 11, numRuns: 3000 },
  );
  assert.equal(hub.encode('xyz'), [262]);
});

/** tiktoken's rule by its definition: of all neighbours that are a token together, the lowest rank, the leftmost. */
function ownReading({ ranks }: Encoding): (text: string) => string {
  const encodePiece = (piece: string): number[] => {
    const parts = [...piece];
    while (!ranks.has(piece)) {
      const pairs = parts
        .slice(1)
        .map((right, i) => ranks.get(parts[i]! + right) ?? Number.POSITIVE_INFINITY);
      const least = Math.min(...pairs);
      if (least === Number.POSITIVE_INFINITY) return parts.map((p) => ranks.get(p)!);
      const at = pairs.indexOf(least);
      parts.splice(at, 2, parts[at]! + parts[at + 1]!);
    }
    return [ranks.get(piece)!];
  };
  return (text) => (text.match(/ ?[^ ]+| +(?! )| /g) ?? []).flatMap(encodePiece).join();
}

test('special tokens, the beginning and the ends are those of the pickle', () => {
  const hub = reread(encoding);
  for (const { text, ids } of cases.special) {
    assert.equal(hub.encode(text, { special: true }), ids);
    assert.not.ok(hub.encode(text).includes(tiny.bos!));
  }
  assert.equal([...hub.special].sort(), [...tiny.special].sort());
  assert.is(hub.bos, tiny.bos);
  assert.equal(hub.stops, tiny.stops);
});

test('ids of special tokens hold when they do not follow the vocabulary', () => {
  const special = new Map([...encoding.special].map(([name, id]) => [name, id + 100]));
  const hub = reread({ ...encoding, special });
  assert.equal(hub.encode('a<|bos|>', { special: true }), [...tiny.encode('a'), 1115]);
  const { tokenizer } = tokenizerFiles({ ...encoding, special }, ends);
  assert.is(JSON.parse(tokenizer).model.vocab['<|bos|>'], 1115);
});

test('the text is JSON of known keys, and the same each time', () => {
  const { tokenizer, config } = tokenizerFiles(encoding, ends);
  assert.is(tokenizer, tokenizerFiles(readEncoding(pickle, 'tokenizer.pkl'), ends).tokenizer);
  const parsed = JSON.parse(tokenizer);
  assert.is(Object.keys(parsed.model.vocab).length, 1015);
  assert.is(parsed.post_processor.special_tokens['<|bos|>'].ids[0], 1015);
  assert.is(parsed.added_tokens.length, 9);
  assert.equal(JSON.parse(config), {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<|bos|>',
    add_bos_token: true,
    eos_token: '<|assistant_end|>',
    pad_token: '<|bos|>',
    clean_up_tokenization_spaces: false,
  });
  assert.is(JSON.parse(tokenizerFiles(encoding).tokenizer).post_processor, null);
});

test.run();
