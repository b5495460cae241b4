/**
 * A `tokenizer.json` in the words that @huggingface/tokenizers takes as the library behind transformers does: where the two
 * part ways (digits of other scripts, what counts as white space, how a split treats its separators), the same thing is said
 * in words on which they agree.
 */

import type { Json } from '../../compiler/checkpoint/checkpoint.ts';

export type JsonMap = { readonly [key: string]: Json };

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const inHubWords = (json: JsonMap): JsonMap => ({
  ...json,
  ...Object.fromEntries(
    Object.entries(spellings).flatMap(([name, words]) =>
      name in json ? [[name, respelled(json[name]!, words)]] : [],
    ),
  ),
});

/** All regular expressions that are applied to a text. */
export const patternsIn = (json: JsonMap): readonly string[] =>
  Object.keys(spellings).flatMap((name) => regexesIn(json[name]));

function regexesIn(part: Json | undefined): readonly string[] {
  if (Array.isArray(part)) return part.flatMap(regexesIn);
  if (!isMap(part)) return [];
  const { Regex: regex } = part;
  return [...(typeof regex === 'string' ? [regex] : []), ...Object.values(part).flatMap(regexesIn)];
}

type Words = Readonly<Record<string, (part: JsonMap) => JsonMap | undefined>>;

const lists = ['normalizers', 'pretokenizers', 'decoders'] as const;

function respelled(part: Json, words: Words): Json {
  if (!isMap(part)) return part;
  const inner = lists.flatMap((name) => {
    const list = part[name];
    return Array.isArray(list) ? [[name, list.map((other) => respelled(other, words))]] : [];
  });
  if (inner.length > 0) return { ...part, ...Object.fromEntries(inner) };
  const type = part['type'];
  return (typeof type === 'string' && Object.hasOwn(words, type) ? words[type]?.(part) : undefined) ?? part;
}

const isolated = (pattern: string): JsonMap => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});

const matches = (pattern: string): JsonMap => ({ ...isolated(pattern), behavior: 'Removed', invert: true });

const sequence = (...pretokenizers: readonly JsonMap[]): JsonMap => ({ type: 'Sequence', pretokenizers });

const punctuation = '[\\p{P}\\x21-\\x2F\\x3A-\\x40\\x5B-\\x60\\x7B-\\x7E]';
const gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const replace = (part: JsonMap): JsonMap | undefined =>
  typeof part['content'] === 'string' ? { ...part, content: literal(part['content']) } : undefined;

/** How to rewrite a part, by its type; parts that are not listed stay as they are. */
const spellings: Readonly<Record<'normalizer' | 'pre_tokenizer' | 'decoder', Words>> = {
  normalizer: {
    Replace: replace,
    // An empty text stays empty.
    Prepend: ({ prepend }) =>
      typeof prepend === 'string'
        ? { type: 'Replace', pattern: { Regex: '\\A(?=[\\s\\S])' }, content: literal(prepend) }
        : undefined,
  },
  pre_tokenizer: {
    Digits: (part) => isolated(part['individual_digits'] === true ? '\\p{N}' : '\\p{N}+'),
    Whitespace: () => matches('\\w+|[^\\w\\s]+'),
    WhitespaceSplit: () => matches('\\P{White_Space}+'),
    Punctuation: ({ behavior }) => split(punctuation, behavior ?? 'Isolated'),
    Split: ({ pattern, behavior, invert }) => {
      const source = sourceOf(pattern);
      return source === undefined || invert === true ? undefined : split(source, behavior);
    },
    ByteLevel: (part) =>
      part['use_regex'] === false || part['add_prefix_space'] !== false
        ? undefined
        : sequence(isolated(gpt2), { ...part, use_regex: false }),
    Metaspace: (part) => {
      const { replacement } = part;
      return part['split'] === false || typeof replacement !== 'string' || 'str_rep' in part
        ? undefined
        : sequence({ ...part, split: false }, split(escaped(replacement), 'MergedWithNext'));
    },
  },
  decoder: { Replace: replace },
};

/** Escapes a text for use as a replacement. */
const literal = (text: string): string => text.replaceAll('$', '$$$$');

export const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function sourceOf(pattern: Json | undefined): string | undefined {
  if (!isMap(pattern)) return undefined;
  const { Regex: regex, String: text } = pattern;
  return typeof regex === 'string' ? regex : typeof text === 'string' ? escaped(text) : undefined;
}

/** A split whose separators become pieces of their own, join the piece before or after, or are removed. */
function split(source: string, behavior: Json | undefined): JsonMap {
  const name = typeof behavior === 'string' ? behavior.toLowerCase() : '';
  if (name === 'contiguous') return isolated(`(?:${source})+`);
  if (name === 'mergedwithprevious') return isolated(`(?:(?!${source})[\\s\\S])*(?:${source})`);
  if (name === 'mergedwithnext') return isolated(`(?:${source})(?:(?!${source})[\\s\\S])*`);
  if (name === 'removed') return { ...isolated(source), behavior: 'Removed' };
  return isolated(source);
}
