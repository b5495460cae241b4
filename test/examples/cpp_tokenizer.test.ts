/** The tokenizer in C++ gives the ids that transformers, tiktoken and our own give, and refuses what it does not know. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenizer } from '../../runtime/tokenizer/open_tokenizer.ts';
import { readEncoding } from '../../runtime/tokenizer/tiktoken_pickle.ts';
import { tokenizerFiles } from '../../runtime/tokenizer/write_tokenizer.ts';
import { tablesFile, unicodeTables } from '../../scripts/unicode_tables.ts';
import { folder, root, tiny, written } from '../cli/run_cli.ts';
import { randomText } from '../runtime/tokenizer/random_text.ts';
import { buildTokenizer, type Ran, start, tokenizeAlone as tokenize, whenThere } from './cpp_build.ts';

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T; // written by us

interface Cases {
  readonly texts: readonly string[];
  readonly patterns: Readonly<
    Record<string, { readonly pattern: string; readonly ids: readonly (readonly number[])[] }>
  >;
  readonly special: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly broken: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

const pickle = readFileSync(`${tiny}/tokenizer/tokenizer.pkl`);
const encoding = readEncoding(pickle, 'tokenizer.pkl');
// Encoded by Python's tiktoken.
const cases = readJson<Cases>(new URL('../fixtures/tokenizer/tiktoken_cases.json', import.meta.url).pathname);

const tokenizerOf = (pattern = encoding.pattern): string =>
  written('tokenizer.json', tokenizerFiles({ ...encoding, pattern }, { bos: '<|bos|>' }).tokenizer);

function lists(file: string, items: readonly unknown[], ...options: readonly string[]): readonly unknown[] {
  const { code, out, err } = start(tokenize, [file, ...options], JSON.stringify(items));
  assert.is(code, 0, err);
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const different = (a: readonly unknown[], b: readonly unknown[]): number =>
  a.filter((x, i) => JSON.stringify(x) !== JSON.stringify(b[i])).length + Math.abs(a.length - b.length);

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  readonly plain: readonly number[];
  readonly ordinary: readonly number[];
  readonly decoded: string;
}

const fixtures = join(root, 'test/fixtures/tokenizers');
const names = readdirSync(fixtures).filter((name) => existsSync(join(fixtures, name, 'tokenizer.json')));

function fixtureTests(): void {
  for (const name of names) {
    test(`${name}: ids and texts are those of transformers`, () => {
      const file = join(fixtures, name, 'tokenizer.json');
      const all = readJson<readonly Case[]>(join(fixtures, name, 'cases.json'));
      const texts = all.map(({ text }) => text);
      const plain = all.map((c) => c.plain);
      for (const [options, wanted] of [
        [[], all.map((c) => c.ordinary)],
        [['--special'], plain],
        [['--around'], all.map((c) => c.ids)],
      ] as const) {
        const found = lists(file, texts, ...options);
        found.forEach((ids, i) => {
          assert.equal(ids, wanted[i], `${JSON.stringify(texts[i])} ${options}`);
        });
      }
      assert.equal(
        lists(file, plain, '--decode'),
        all.map((c) => c.decoded),
      );
    });
  }
  test('a tokenizer that differs in a part is seen', () => {
    const file = join(fixtures, 'llama2/tokenizer.json');
    const json = readJson<Record<string, object>>(file);
    const all = readJson<readonly Case[]>(join(fixtures, 'llama2/cases.json'));
    for (const [part, as] of [
      ['normalizer', null],
      ['post_processor', null],
      ['pre_tokenizer', { type: 'Split', pattern: { String: 'e' }, behavior: 'Removed' }],
      ['model', { ...json['model'], byte_fallback: false }],
      ['added_tokens', []],
    ] as const) {
      const other = written('tokenizer.json', JSON.stringify({ ...json, [part]: as }));
      const found = lists(
        other,
        all.map(({ text }) => text),
        '--around',
      );
      assert.ok(
        different(
          found,
          all.map(({ ids }) => ids),
        ) > 0,
        part,
      );
    }
  });
}

function tiktokenTests(): void {
  for (const [name, { pattern, ids }] of Object.entries(cases.patterns)) {
    test(`it splits as tiktoken does by the pattern of ${name}`, () => {
      assert.is(different(lists(tokenizerOf(pattern), cases.texts), ids), 0);
    });
  }
  test('it sees another pattern', () => {
    const [mine, theirs] = [cases.patterns['gpt2']!, cases.patterns['nanochat']!];
    assert.ok(different(lists(tokenizerOf(mine.pattern), cases.texts), theirs.ids) > 0);
  });
  test('it agrees with ours on any text', () => {
    const texts = fc.sample(randomText(encoding.ranks.keys()), { seed: 5, numRuns: 4000 });
    const ours = openTokenizer(pickle, 'tokenizer.pkl');
    const expected = texts.map((text) => ours.encode(text));
    const file = tokenizerOf();
    assert.is(different(lists(file, texts), expected), 0);
    assert.is(different(lists(file, expected, '--decode'), texts), 0);
  });
  test('special tokens count when asked, and bytes that are no text decode as in Python', () => {
    const [file, texts] = [tokenizerOf(), cases.special.map(({ text }) => text)];
    const special = cases.special.map(({ ids }) => ids);
    assert.equal(lists(file, texts, '--special'), special);
    assert.is(different(lists(file, texts), special), texts.length);
    const [broken, shown] = [cases.broken.map(({ ids }) => ids), cases.broken.map(({ text }) => text)];
    assert.equal(lists(file, broken, '--decode'), shown);
  });
}

/** A tokenizer whose ids are the bytes of what its parts make of a text. */
function bytesAfter(parts: object): string {
  const names = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`);
  const vocab = Object.fromEntries(names.map((name, b) => [name, b]));
  return written(
    'tokenizer.json',
    JSON.stringify({ ...parts, model: { type: 'BPE', byte_fallback: true, vocab, merges: [] } }),
  );
}
const bytes = (text: string): readonly number[] => [...Buffer.from(text)];

const characters = Array.from({ length: 0x110000 }, (_, point) => point)
  .filter((point) => point < 0xd800 || point > 0xdfff)
  .map((point) => String.fromCodePoint(point));

function unicodeTests(): void {
  const marks = characters.filter((c) => /\p{M}/u.test(c));
  const others = characters.filter((c) => c.normalize('NFKD') !== c);
  const piece = fc.oneof(
    fc.constantFrom(...marks),
    fc.constantFrom(...others),
    fc.string({ unit: 'binary' }),
  );
  const words = fc.array(piece, { maxLength: 9 }).map((parts) => parts.join(''));
  // Node may know a later Unicode, in which more characters change.
  const known = characters.filter((c) => /[^\p{Cn}]/u.test(c));
  const runs = Array.from({ length: 40 }, (_, i) => known.filter((_c, k) => k % 40 === i).join('x'));
  const texts = [...runs, ...fc.sample(words, { seed: 8, numRuns: 4000 })];
  for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD']) {
    test(`${form} is that of Node for every character, and for many at once`, () => {
      const found = lists(bytesAfter({ normalizer: { type: form } }), texts);
      const wanted = texts.map((text) => bytes(text.normalize(form)));
      assert.is(different(found, wanted), 0);
      assert.ok(different(found, texts.map(bytes)) > 100);
    });
  }
  test('small letters are those of Node, character by character', () => {
    const found = lists(bytesAfter({ normalizer: { type: 'Lowercase' } }), runs);
    const wanted = runs.map((text) => bytes([...text].map((c) => c.toLowerCase()).join('')));
    assert.is(different(found, wanted), 0);
  });
  test('categories are those of Node, character by character', () => {
    for (const name of ['L', 'Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'M', 'N', 'Nd', 'P', 'S', 'Z', 'C', 'Sc', 'Han']) {
      const source = name === 'Han' ? '\\p{Script=Han}' : `\\p{${name}}`;
      const pattern = { Regex: name === 'C' ? '[\\p{Cc}\\p{Cf}\\p{Co}]' : source };
      const normalizer = { type: 'Replace', pattern, content: '' };
      const set = new RegExp(pattern.Regex, 'gu');
      const wanted = runs.map((text) => bytes(text.replace(set, '')));
      assert.is(different(lists(bytesAfter({ normalizer }), runs), wanted), 0, name);
    }
  });
}

/** Every piece is shown behind a mark. */
const marked = (parts: object): string =>
  bytesAfter({
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [parts, { type: 'Metaspace', replacement: '|', prepend_scheme: 'always', split: false }],
    },
  });

function patternTests(): void {
  const letters = fc.constantFrom(...'aabbcAB12 \n\r.,|-_é中ſ'.split(''));
  const texts = fc.sample(
    fc.array(letters, { maxLength: 30 }).map((parts) => parts.join('')),
    { seed: 3, numRuns: 500 },
  );
  const piecesBy = (pattern: RegExp) => (text: string) =>
    [...text.replace(pattern, '\0$&\0').split('\0')]
      .filter((part) => part !== '')
      .map((part) => part.replaceAll(' ', '|'))
      .map((part) => (part.startsWith('|') ? part : `|${part}`))
      .join('');
  for (const [ours, theirs] of [
    ['a+b?', /a+b?/gu],
    ['(?:ab|a)c|[^\\W\\d]+?b', /(?:ab|a)c|[\p{L}\p{M}\p{Nl}\p{Pc}]+?b/gu],
    ['(?i:ab|s)', /[aA][bB]|[sSſ]/gu],
    ['[a-c&&[^b]]+|\\p{Lu}{2,3}', /[ac]+|\p{Lu}{2,3}/gu],
    ['\\p{N}{2}|\\P{L}+(?=a)', /\p{N}{2}|\P{L}+(?=a)/gu],
    ['(?<=a)b+|(?<!a)b', /(?<=a)b+|(?<!a)b/gu],
    ['(?>a+)b|^c|c$|\\n\\z', /a+b|(?<![^\n])c|c(?![^\n])|\n(?![\s\S])/gu],
    ['[\\r\\n]+|[\\x{4e00}-\\u9fff\\xe9]|[|\\-_.]', /[\r\n]+|[\u4e00-\u9fffé]|[|\-_.]/gu],
    ['\\s+(?!\\S)|\\s', /\s+(?!\S)|\s/gu],
    ['(?:a|b){2,}?c|[]a]{3}', /(?:a|b){2,}?c|[\]a]{3}/gu],
  ] as const) {
    test(`${ours} matches what Node's ${theirs} matches`, () => {
      const split = { type: 'Split', pattern: { Regex: ours }, behavior: 'Isolated', invert: false };
      const found = lists(marked(split), texts);
      const wanted = texts.map((text) => bytes(piecesBy(theirs)(text)));
      found.forEach((ids, i) => {
        assert.is(
          Buffer.from(ids as number[]).toString(),
          Buffer.from(wanted[i]!).toString(),
          JSON.stringify(texts[i]),
        );
      });
    });
  }
}

const refused = (text: string | Uint8Array, items: readonly string[] = ['a']): Ran => {
  const ran = start(tokenize, [written('tokenizer.json', text)], JSON.stringify(items));
  assert.is(ran.code, 1, ran.err || ran.out.slice(0, 100));
  assert.is(ran.out, '');
  assert.ok(ran.err.length < 1000, ran.err.slice(0, 1000));
  assert.is(ran.err.split('\n').length, 2, ran.err);
  return ran;
};

function refusalTests(): void {
  test('files that are no tokenizer, and parts that are not known, are refused by name', () => {
    const bpe = '"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}';
    for (const [text, why] of [
      ['', 'is not valid JSON: no value at byte 0'],
      ['{"model": ', 'is not valid JSON: no value at byte 10'],
      ['{"model": {"type": "WordPiece"}}', 'cannot be used: its model (WordPiece) is not known here'],
      ['{"model": {"type": "BPE", "vocab": {"a": -1}}}', 'cannot be used: the token "a" has the id -1'],
      ['{"model": {"vocab": {"a": 0}, "merges": ["a b"]}}', 'the merge of "a" and "b" names no tokens'],
      [`{"normalizer": {"type": "Nmt"}, ${bpe}}`, 'cannot be used: its normalizer (Nmt) is not known here'],
      [
        `{"pre_tokenizer": {"type": "UnicodeScripts"}, ${bpe}}`,
        'its way to split text (UnicodeScripts) is not',
      ],
      [`{"post_processor": {"type": "Other"}, ${bpe}}`, 'what it puts around a text (Other) is not known'],
      [`{"decoder": {"type": "CTC"}, ${bpe}}`, 'its way from tokens to text (CTC) is not known here'],
      ['{"model": 7}', 'cannot be used: JSON holds null where an object was expected'],
      [`{"added_tokens": [{"id": -4, "content": "x"}], ${bpe}}`, 'the token "x" has a negative id'],
    ] as const) {
      assert.match(refused(text).err, why);
    }
    for (const [pattern, why] of [
      ['(a', 'a ) is missing'],
      ['a)', 'a ) too many'],
      ['[a', 'a ] is missing'],
      ['\\p{Klingon}', '\\p{Klingon}'],
      ['(?:a*)*', 'it repeats what can be empty'],
      ['a{1000}{1000}', 'it is too long'],
      ['(a)\\1', '\\1'],
      ['(?<x>a)', 'a group of another kind'],
      ['(?:'.repeat(100_000), 'groups are nested too deeply'],
      ['['.repeat(100_000), 'sets are nested too deeply'],
      [`a${'{1}'.repeat(100_000)}`, 'it repeats too often'],
      ['a|'.repeat(100_000), 'it is too long'],
    ] as const) {
      const split = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated' };
      const { err } = refused(`{"pre_tokenizer": ${JSON.stringify(split)}, ${bpe}}`);
      assert.ok(err.includes(`by a pattern that is not known here (${why}): `), err);
    }
  });
  test('lists in lists without end are refused', () => {
    for (const start of ['[', '{"a":', '{"normalizer": {"type": "Sequence", "normalizers": [']) {
      assert.match(refused(start.repeat(200_000)).err, 'nested too deeply');
    }
  });
  test('a pattern that would take for ever is ended', () => {
    for (const pattern of ['(a+)+$', '(?:a|a)*b', '(?=(a+)+b)a']) {
      const file = marked({ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated' });
      const { code, err } = start(tokenize, [file], JSON.stringify([`${'a'.repeat(60)}!`]));
      assert.is(code, 1);
      assert.match(err, 'a pattern of the tokenizer takes too long for this text');
    }
  });
  test('a normaliser that makes a text longer and longer is ended', () => {
    const double = { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(100) };
    const normalizer = { type: 'Sequence', normalizers: Array.from({ length: 8 }, () => double) };
    const { code, err } = start(tokenize, [bytesAfter({ normalizer })], '["a"]');
    assert.is(code, 1);
    assert.match(err, 'its normalizer makes the text too long');
  });
  test('of added tokens with one beginning the longest is found, and special ones only when asked', () => {
    const added = ['<', '<a', '<ab', '<abc>', '<b', ' x'].map((content, i) => ({
      ...{ id: 1000 + i, content, special: content === '<ab', normalized: false },
      ...{ lstrip: content === '<b', rstrip: content === '<b', single_word: content === ' x' },
    }));
    const file = bytesAfter({ added_tokens: added });
    const [abc, ab, a, stripped, word] = [
      [1003],
      [1002, 100],
      [1001, 98],
      [97, 1004, 99],
      [1005, 32, 120, 121],
    ];
    const texts = ['<abc>', '<abd', '<a<ab', 'a  <b  c', ' x xy'];
    assert.equal(lists(file, texts, '--special'), [abc, ab, [1001, 1002], stripped, word]);
    assert.equal(lists(file, texts), [
      abc,
      [60, 97, 98, 100],
      [...a.slice(0, 1), 60, 97, 98],
      stripped,
      word,
    ]);
  });
  test('262,144 tokens, and a text of a million characters', () => {
    const letters = Array.from({ length: 512 }, (_, i) => String.fromCodePoint(0x4e00 + i));
    const pairs = letters.flatMap((a) => letters.slice(0, 511).map((b) => [a, b] as const));
    const vocab = Object.fromEntries(
      [...letters, ...pairs.map((p) => p.join(''))].map((token, id) => [token, id]),
    );
    assert.is(Object.keys(vocab).length, 262_144);
    const model = { type: 'BPE', vocab, merges: pairs.map((p) => p.join(' ')) };
    const file = written('tokenizer.json', JSON.stringify({ model, decoder: { type: 'Fuse' } }));
    const text = letters[3]!.repeat(1_000_000);
    const [ids] = lists(file, [text]) as [number[]];
    assert.is(ids.length, 500_000);
    assert.ok(ids.every((id) => id === vocab[letters[3]!.repeat(2)]));
    assert.equal(lists(file, [ids], '--decode'), [text]);
  });
  test('a folder, and nothing at all, are no tokenizer', () => {
    for (const path of [folder(), 'absent']) {
      const { code, err } = start(tokenize, [path], '[]');
      assert.is(code, 1);
      assert.match(err, `nanoc-tokenize: cannot read ${path}`);
    }
  });
}

test('the tables of characters are those of Node', () => {
  const kept = readFileSync(tablesFile, 'utf8');
  const version = /Unicode (\d+\.\d+)/.exec(kept)?.[1];
  // Another Unicode has more characters; the tables stay until somebody writes them anew.
  if (version === process.versions['unicode']) assert.is(kept, unicodeTables());
  else
    process.stdout.write(
      `not compared: tables of Unicode ${version}, Node of ${process.versions['unicode']}\n`,
    );
  assert.match(kept, /categories\[\] = \{\n {4}\{0x0, 0x1f, 25\}, \{0x20, 0x20, 22\}/);
});

whenThere(['compiler'], () => {
  const { code, out, err } = buildTokenizer();
  test('the tokenizer builds without a warning, and without a runtime', () => {
    assert.is(code, 0, out + err);
    assert.not.match(out + err, /warning:/);
  });
  if (code !== 0) return; // that one test fails, and says why
  fixtureTests();
  tiktokenTests();
  unicodeTests();
  patternTests();
  refusalTests();
});

test.run();
