import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bpe } from '../../../runtime/tokenizer/bpe.ts';
import { openTokenizer } from '../../../runtime/tokenizer/open_tokenizer.ts';
import { readEncoding } from '../../../runtime/tokenizer/tiktoken_pickle.ts';
import { refusal } from '../../harness/refusal.ts';

const read = (path: string): Uint8Array => readFileSync(new URL(`../../../${path}`, import.meta.url));
const json = <T>(path: string): T => JSON.parse(Buffer.from(read(path)).toString('utf8')) as T; // written by us

const pickle = read('examples/tiny-nanochat/tokenizer/tokenizer.pkl');
const tiny = openTokenizer(pickle, 'tokenizer.pkl');

interface Cases {
  readonly texts: readonly string[];
  readonly patterns: Readonly<
    Record<string, { readonly pattern: string; readonly ids: readonly (readonly number[])[] }>
  >;
  readonly special: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly broken: readonly { readonly text: string; readonly ids: readonly number[] }[];
}
const cases = json<Cases>('test/fixtures/tokenizer/tiktoken_cases.json');

test('encodes as the Engine of nanochat does', () => {
  const theirs = json<readonly { text: string; ids: readonly number[] }[]>(
    'examples/tiny-nanochat/reference/tokenizer_cases.json',
  );
  for (const { text, ids } of theirs) {
    const mine = tiny.encode(text);
    assert.is(mine.join(), ids.filter((id) => id !== tiny.bos).join(), JSON.stringify(text));
    assert.is(tiny.decode(mine), text);
  }
});

for (const [name, { pattern, ids }] of Object.entries(cases.patterns)) {
  test(`splits as tiktoken does by the pattern of ${name}`, () => {
    const encode = bpe({ ...readEncoding(pickle, 'tokenizer.pkl'), pattern }, 'tokenizer.pkl');
    for (const [i, text] of cases.texts.entries()) {
      assert.is(encode(text).join(), ids[i]!.join(), JSON.stringify(text));
    }
  });
}

test('finds special tokens only when asked', () => {
  for (const { text, ids } of cases.special) {
    assert.is(tiny.encode(text, { special: true }).join(), ids.join());
    assert.not.ok(tiny.encode(text).includes(tiny.bos!));
  }
});

test('bytes that are no text decode as in Python', () => {
  for (const { ids, text } of cases.broken) assert.is(tiny.decode(ids), text);
});

test('a stream of tokens gives the same text, and no half characters', () => {
  const texts = [...cases.broken, ...cases.texts.map((text) => ({ text, ids: tiny.encode(text) }))];
  for (const { ids, text } of texts) {
    const stream = tiny.decodeStream();
    const parts = [...ids.map((id) => stream.push(id)), stream.end()];
    assert.is(parts.join(''), text);
  }
  const stream = tiny.decodeStream();
  const globe = [...new TextEncoder().encode('🌍')];
  assert.is(globe.map((id) => stream.push(id)).join('|'), '|||🌍');
});

test('knows where a text begins and ends', () => {
  assert.is(tiny.bos, 1015);
  assert.is(tiny.vocab, 1024);
  assert.is(tiny.stops.join(), '1019,1015');
  assert.is(tiny.special.get('<|python_start|>'), 1020);
});

test('tokens outside the vocabulary and lone surrogates become replacement characters', () => {
  assert.is(tiny.decode([65, 4000, 66]), 'A\ufffdB');
  assert.is(tiny.decode(tiny.encode('a\ud83db')), 'a\ufffdb');
});

test('a piece of 300,000 bytes is merged in good time', () => {
  const long = tiny.encode('the'.repeat(100_000));
  assert.is(tiny.decode(long), 'the'.repeat(100_000));
});

test('reads every protocol that keeps bytes as bytes', () => {
  for (const protocol of [3, 4, 5]) {
    const bytes = read(`test/fixtures/tokenizer/protocol_${protocol}.pkl`);
    const { encode, bos } = openTokenizer(bytes, 'tokenizer.pkl');
    assert.is(encode('abcab a').join(), '257,256,32,97');
    assert.is(bos, 258);
  }
});

test('says what is wrong with a file', () => {
  const text = (s: string) => openTokenizer(new TextEncoder().encode(s), 't');
  assert.match(refusal(() => text('hello')).message, 'N621: neither a pickled');
  assert.match(refusal(() => text('{"a"')).message, 'N621: not valid JSON');
  assert.match(refusal(() => text('{"a": 1}')).message, 'N621: the tokenizer.json cannot be used');
  assert.match(refusal(() => openTokenizer(pickle.subarray(0, 4000), 't')).message, 'N606');
  const other = Buffer.from(pickle);
  other.write('tiktoken.evil', other.indexOf('tiktoken.core'));
  assert.match(refusal(() => openTokenizer(other, 't')).message, 'N605');
  const twice = Buffer.from(pickle);
  twice.write('come', twice.indexOf('Then'));
  assert.match(refusal(() => openTokenizer(twice, 't')).message, 'N621: the token "come" stands twice');
  const encoding = readEncoding(pickle, 't');
  assert.match(
    refusal(() => bpe({ ...encoding, pattern: '[a&&b]' }, 't')).message,
    'N621: the split pattern',
  );
});

test.run();
