/** A tiktoken encoding as Hugging Face's `tokenizer.json` and `tokenizer_config.json`, which most other programs read. */

import type { Encoding } from './tiktoken_pickle.ts';

/** The files that `tokenizerFiles` returns, as text that ends in a line break; equal encodings give equal text. */
export interface TokenizerJson {
  readonly tokenizer: string;
  readonly config: string;
}

/** The special tokens of a text, by their names. */
export interface Ends {
  readonly bos?: string;
  /** Every text begins with `bos`; true when left out. */
  readonly begins?: boolean;
  readonly eos?: string;
  /** Template of conversations, in Jinja. */
  readonly chatTemplate?: string;
}

export const tokenizerFiles = (encoding: Encoding, ends: Ends = {}): TokenizerJson => ({
  tokenizer: tokenizerJson(encoding, ends),
  config: tokenizerConfig(ends),
});

const json = (value: unknown): string => JSON.stringify(value);

/** Writes one entry per line in the given order, since a JavaScript object would move keys that are numbers to the front. */
const block = (entries: Iterable<string>, open: string, close: string): string =>
  `${open}\n${[...entries].join(',\n')}\n${close}`;

function tokenizerJson(encoding: Encoding, { bos, begins = true }: Ends): string {
  const { ranks, special, pattern } = encoding;
  const byRank = [...ranks].sort(([, a], [, b]) => a - b);
  const bySpecial = [...special].sort(([, a], [, b]) => a - b);
  // Readers number what only `added_tokens` names from the end of the vocabulary on.
  const inRow =
    bySpecial.every(([, id], i) => id === ranks.size + i) && byRank.at(-1)?.[1] === ranks.size - 1;
  const vocab = [
    ...byRank.map(([bytes, id]) => `${json(printable(bytes))}: ${id}`),
    ...(inRow ? [] : bySpecial.map(([name, id]) => `${json(name)}: ${id}`)),
  ];
  const merges = byRank.flatMap(([bytes]) => allSplits(bytes, ranks)).map(json);
  const bosId = bos === undefined ? undefined : special.get(bos);
  const fields: readonly (readonly [string, string])[] = [
    ['version', json('1.0')],
    ['truncation', 'null'],
    ['padding', 'null'],
    [
      'added_tokens',
      block(
        bySpecial.map(([name, id]) => json(addedToken(name, id))),
        '[',
        ']',
      ),
    ],
    ['normalizer', 'null'],
    ['pre_tokenizer', json(preTokenizer(pattern))],
    [
      'post_processor',
      bos === undefined || bosId === undefined || !begins ? 'null' : json(beginWith(bos, bosId)),
    ],
    ['decoder', json(byteLevel)],
    [
      'model',
      `{${json('type')}: "BPE", ${modelSettings},\n${json('vocab')}: ${block(vocab, '{', '}')},\n` +
        `${json('merges')}: ${block(merges, '[', ']')}\n}`,
    ],
  ];
  return `{\n${fields.map(([key, value]) => `${json(key)}: ${value}`).join(',\n')}\n}\n`;
}

/** `ignore_merges`: a piece that is a token as a whole is that token, however it merges. tiktoken looks there first. */
const modelSettings =
  '"dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null, ' +
  '"fuse_unk": false, "byte_fallback": false, "ignore_merges": true';

/**
 * Every way to cut a token into two tokens, the shortest beginning first. tiktoken merges any neighbours that together are a
 * token, lowest rank first; a list with all cuts, in the order of ranks, makes a reader of pairs do the same.
 */
const allSplits = (bytes: string, ranks: ReadonlyMap<string, number>): readonly string[] =>
  Array.from({ length: bytes.length - 1 }, (_, i) => [bytes.slice(0, i + 1), bytes.slice(i + 1)] as const)
    .filter(([left, right]) => ranks.has(left) && ranks.has(right))
    .map(([left, right]) => `${printable(left)} ${printable(right)}`);

const addedToken = (content: string, id: number) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };

const preTokenizer = (pattern: string) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    byteLevel,
  ],
});

/** Puts `bos` before a text, and before the first of two. */
const beginWith = (bos: string, id: number) => {
  const text = (name: string, type_id: number) => ({ Sequence: { id: name, type_id } });
  const start = { SpecialToken: { id: bos, type_id: 0 } };
  return {
    type: 'TemplateProcessing',
    single: [start, text('A', 0)],
    pair: [start, text('A', 0), text('B', 1)],
    special_tokens: { [bos]: { id: bos, ids: [id], tokens: [bos] } },
  };
};

/** `tokenizer_config.json`. */
export const tokenizerConfig = ({ bos, begins = true, eos, chatTemplate }: Ends): string => {
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    ...(bos === undefined ? {} : { bos_token: bos, add_bos_token: begins }),
    ...(eos === undefined ? {} : { eos_token: eos }),
    ...((bos ?? eos) === undefined ? {} : { pad_token: bos ?? eos }),
    clean_up_tokenization_spaces: false,
    ...(chatTemplate === undefined ? {} : { chat_template: chatTemplate }),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
};

/** GPT-2's letters for bytes: printable ones of Latin-1 stand for themselves, the others are U+0100 and on, in order. */
const byteLetters: readonly string[] = (() => {
  const ownLetter = (b: number): boolean =>
    (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || (b >= 0xae && b <= 0xff);
  let others = 0;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(ownLetter(b) ? b : 0x100 + others++));
})();

/** Bytes, one UTF-16 unit each, in GPT-2's letters. */
const printable = (bytes: string): string => Array.from(bytes, (c) => byteLetters[c.charCodeAt(0)]!).join('');
