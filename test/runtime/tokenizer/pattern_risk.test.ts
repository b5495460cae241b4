/** Tokenizers of strangers: patterns and tables that would keep the program busy for hours are refused at once. */

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bpe } from '../../../runtime/tokenizer/bpe.ts';
import { openTokenizer } from '../../../runtime/tokenizer/open_tokenizer.ts';
import { patternRisk } from '../../../runtime/tokenizer/pattern_risk.ts';
import { interruptible } from '../../../runtime/tokenizer/tokenizer_node.ts';
import { refusal } from '../../harness/refusal.ts';

const root = new URL('../../fixtures/tokenizers/', import.meta.url);
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const split = (Regex: string) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false });

function hub(parts: object): Uint8Array {
  const json = {
    ...{ added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null },
    ...parts,
    model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [], unk_token: 'b' },
  };
  return new TextEncoder().encode(JSON.stringify(json));
}

const refused = (act: () => unknown): string =>
  refusal(act)
    .diagnostics.map((d) => `${d.code} ${d.message} | ${d.found}`)
    .join('\n');

const text = `${'a'.repeat(60)}!`;

test('loops that read one text in two ways are found, others are left alone', () => {
  for (const pattern of [
    ...['(a+)+$', '(a|a)*$', '(a*)*b', '(\\w+\\s?)*$', '(.*a){12}', '(x+x+)+y', '(?=(a+)+$)', 'a**'],
    ...['(?:\\d{1,3})+x', '(?:\\p{Han}+)+', '(?>a+)+', '(?:[ab]|[bc])*d', '(?<!(a|a)*)b', '((a|b)*(b|c)*)*'],
  ])
    assert.match(patternRisk(pattern) ?? 'none', /the same text/, pattern);
  for (const pattern of [
    ...['(?:\\p{L}\\p{M}*)+', '(?:[A-Z][a-z]+)+', '(?:ab|cd)+', "(?:'s|'t)*", '(?:\\r?\\n)+', '(?:\\d{3})+'],
    ...[
      '\\s+(?!\\S)|\\s+',
      '[^\\r\\n\\p{L}]?+\\p{L}++',
      "(?i:'[sdmt]|'ll)",
      '[]a]+',
      '[[:alpha:]]+',
      'x{',
      '{}',
    ],
  ])
    assert.is(patternRisk(pattern), undefined, pattern);
});

test('what cannot be read is not run', () => {
  for (const [pattern, said] of [
    ['[a-', 'a class is not closed'],
    ['(a', 'a parenthesis is not closed'],
    ['a)', 'a parenthesis closes nothing'],
    ['(?Ya)', 'the group (?Ya'],
    ['\\', 'ends in a backslash'],
    [`${'(?:'.repeat(60)}a${')'.repeat(60)}`, 'nested more than 50 deep'],
    ['(?:'.repeat(100_000), '300000 characters'],
    ['ab?'.repeat(3000), '6000 characters to match'],
  ] as const)
    assert.match(patternRisk(pattern) ?? 'none', said);
});

const patternsIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'Regex' in value && typeof value.Regex === 'string' ? [value.Regex] : [];
  return [...own, ...Object.values(value).flatMap(patternsIn)];
};

test('patterns that are published are safe', () => {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((f) =>
    /tokenizer\.json$/.test(f),
  );
  const all = files.flatMap((file) => patternsIn(JSON.parse(readFileSync(new URL(file, root), 'utf8'))));
  assert.ok(all.length >= 8);
  for (const pattern of all) assert.is(patternRisk(pattern), undefined, pattern);
});

test('a hostile pattern of a tokenizer.json is refused wherever it stands', () => {
  for (const hostile of ['(a+)+$', '(?:'.repeat(100_000)]) {
    const replace = { type: 'Replace', pattern: { Regex: hostile }, content: '' };
    for (const parts of [
      { pre_tokenizer: split(hostile) },
      { pre_tokenizer: { type: 'Sequence', pretokenizers: [split(hostile), byteLevel] } },
      { normalizer: replace },
      { decoder: { type: 'Sequence', decoders: [replace] } },
    ])
      assert.match(
        refused(() => openTokenizer(hub(parts), 'tokenizer.json').encode(text)),
        'N621 a pattern of the tokenizer is not safe to run',
      );
  }
});

test('so is one of a pickle', () => {
  const ranks = new Map(Array.from({ length: 256 }, (_, b) => [String.fromCharCode(b), b] as const));
  const open = (pattern: string) => bpe({ name: 'x', pattern, ranks, special: new Map() }, 'tokenizer.pkl');
  for (const hostile of ['(a+)+$', '(?:'.repeat(100_000), '(?:'.repeat(3000)])
    assert.match(
      refused(() => open(hostile)(text)),
      'not safe to run',
    );
  for (const open_ of ['\\p{LX', '\\x{41Z', 'a{2'])
    assert.match(
      refused(() => open(open_)),
      'the split pattern is beyond nanoc',
    );
  assert.is(open('a+|[^a]')(text).length, 61);
});

test('what only takes long is stopped, and a text in time is encoded', () => {
  const slow = openTokenizer(hub({ pre_tokenizer: split('a*a*a*a*a*a*a*a*c|[ab]') }), 'tokenizer.json');
  const long = 'a'.repeat(2000);
  assert.match(
    refused(() => interruptible(slow, 'tokenizer.json', () => 200).encode(long)),
    'N621 the tokenizer does not come to an end | 2000 characters were not split in time',
  );
  const quick = openTokenizer(hub({ pre_tokenizer: split('a') }), 'tokenizer.json');
  assert.equal(interruptible(quick, 'tokenizer.json').encode('aab'), [0, 0, 1]);
});

test('Ctrl-C stops it, and whoever listens for it hears of it', () => {
  const slow = openTokenizer(hub({ pre_tokenizer: split('a*a*a*a*a*a*a*a*c|[ab]') }), 'tokenizer.json');
  const heard: string[] = [];
  const listen = (name: string): void => void heard.push(name);
  process.on('SIGINT', listen);
  spawn('sh', ['-c', `sleep 0.3; kill -INT ${process.pid}`], { stdio: 'ignore' });
  const said = refused(() => interruptible(slow, 'tokenizer.json', () => 600_000).encode('a'.repeat(5000)));
  process.off('SIGINT', listen);
  assert.is(said, '');
  assert.equal(heard, ['SIGINT']);
});

test('tables and strings of ten megabytes are read, or refused, without deep calls', () => {
  const table = (precompiled_charsmap: string) =>
    hub({ normalizer: { type: 'Precompiled', precompiled_charsmap } });
  const large = 10 * 2 ** 20;
  const open = (bytes: Uint8Array) => openTokenizer(bytes, 'tokenizer.json');
  assert.match(
    refused(() => open(table('A'.repeat(large)))),
    'the precompiled_charsmap is damaged',
  );
  assert.match(
    refused(() => open(table('\\'.repeat(large)))),
    'N621',
  );
  const zeros = Buffer.alloc(large);
  zeros.writeUInt32LE(large - 4, 0);
  assert.equal(open(table(zeros.toString('base64'))).encode('ab'), [0, 1]);
  const cut = open(
    new TextEncoder().encode(
      `${new TextDecoder().decode(hub({})).slice(0, -1)}, "x": "${'\\n'.repeat(2 ** 20)}"}`,
    ),
  );
  assert.equal(cut.encode('ab'), [0, 1]);
});

test.run();
