/** Makes a `tokenizer.json` from GPT-2's two files, `vocab.json` (or `encoder.json`) and `merges.txt` (or `vocab.bpe`). */

import { parseJson } from '../../compiler/checkpoint/strict_json.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { around, endsIn, nameOf, readConfig } from './tokenizer_config.ts';

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

/** Refuses (N621) a damaged vocabulary, and merges of tokens that it does not have; `config` is the one beside them. */
export function gpt2Tokenizer(
  vocab: { readonly bytes: Uint8Array; readonly file: string },
  merges: { readonly bytes: Uint8Array; readonly file: string },
  config?: Uint8Array,
): Uint8Array {
  const ids = vocabulary(vocab.bytes, vocab.file);
  const settings = readConfig(config, vocab.file);
  const named = new Set(
    ['bos_token', 'eos_token', 'unk_token', 'pad_token'].map((key) => nameOf(settings[key])),
  );
  const added = [...ids].filter(([name]) => /^<\|.*\|>$/.test(name) || named.has(name));
  const ends = endsIn(settings);
  const known = {
    ...ends,
    before: ends.before.filter((name) => ids.has(name)),
    after: ends.after.filter((name) => ids.has(name)),
  };
  const json = {
    version: '1.0',
    added_tokens: added.map(([content, id]) => ({
      ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: around(known, (name) => ids.get(name)!), // only what is there
    decoder: byteLevel,
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false },
      vocab: Object.fromEntries(ids),
      merges: pairs(merges.bytes, merges.file, ids),
    },
  };
  return new TextEncoder().encode(JSON.stringify(json));
}

function vocabulary(bytes: Uint8Array, file: string): ReadonlyMap<string, number> {
  const parsed = parseJson(new TextDecoder().decode(bytes));
  const value = 'problem' in parsed ? undefined : parsed.value;
  const entries =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  const wrong = entries.find(([, id]) => typeof id !== 'number' || !Number.isInteger(id) || id < 0);
  if (entries.length === 0 || wrong) {
    const found = wrong ? `${JSON.stringify(wrong[0])} has no id` : 'no tokens';
    throw new Refusal([error('N621', 'not a vocabulary of tokens and their ids', { file, found })]);
  }
  return new Map(entries as [string, number][]);
}

function pairs(bytes: Uint8Array, file: string, ids: ReadonlyMap<string, number>): readonly string[] {
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  return lines.flatMap((line, i) => {
    if (line === '' || (i === 0 && line.startsWith('#version'))) return [];
    const [left = '', right = '', ...more] = line.split(' ');
    if (more.length === 0 && ids.has(left) && ids.has(right) && ids.has(left + right)) return [line];
    const expected = 'two tokens of the vocabulary that make a third';
    throw new Refusal([
      error('N621', `line ${i + 1} is no merge`, { file, expected, found: line.slice(0, 60) }),
    ]);
  });
}
