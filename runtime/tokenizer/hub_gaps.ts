/** Corrects or refuses what the library does differently from Hugging Face's own tokenizers. */

import type { Tokenizer as Hub } from '@huggingface/tokenizers';
import { isMap, type JsonMap } from './hub_json.ts';
import { nameOf } from './tokenizer_config.ts';

interface Splitter {
  split: (text: string) => string[];
}

interface Part {
  readonly config?: { readonly type?: string; readonly length?: number; readonly prepend_scheme?: string };
  readonly tokenizers?: readonly Part[];
  readonly decoders?: readonly Part[];
  readonly replacement?: string;
  /** Set on a pre-tokenizer, which keeps no config. */
  readonly prepend_scheme?: string;
  pre_tokenize?: (text: string | readonly string[], options: object) => string[];
  pre_tokenize_text?: (text: string, options: object) => string[];
  decode_chain?: (tokens: readonly string[]) => string[];
}

interface Model {
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  readonly fuse_unk?: boolean;
  encode: (words: readonly string[]) => string[];
  _call: (words: readonly string[]) => string[];
}

type Added = ReadonlyMap<string, { readonly single_word: boolean }>;

/** Fields that the library's types leave out. */
interface Inside {
  readonly model: Model;
  readonly pre_tokenizer: Part | null;
  readonly decoder: Part | null;
  readonly added_tokens_map: Added;
  readonly splitter_unnormalized: Splitter;
  readonly splitter_normalized: Splitter;
}

/** What in a tokenizer.json is not supported; undefined where everything is. */
export function unknownIn({ model }: JsonMap): string | undefined {
  const prefix = isMap(model) && model['type'] === 'BPE' ? model['continuing_subword_prefix'] : undefined;
  return typeof prefix === 'string' && prefix !== ''
    ? `continuing_subword_prefix = ${JSON.stringify(prefix)}, which is not known here`
    : undefined;
}

export function closeGaps(hub: Hub, json: JsonMap): void {
  const inside = hub as unknown as Inside; // its fields as the library sets them
  keepUnknownsApart(inside.model);
  const model = isMap(json['model']) ? json['model'] : {};
  if (model['type'] === 'WordLevel') wordLevel(inside.model, nameOf(model['unk_token']));
  if (inside.pre_tokenizer) pieces(inside.pre_tokenizer);
  if (inside.decoder) spaces(inside.decoder);
  for (const splitter of [inside.splitter_unnormalized, inside.splitter_normalized])
    wholeWords(splitter, inside.added_tokens_map);
}

/** Joins unknown tokens only within a word. */
function keepUnknownsApart(model: Model): void {
  if (!model.fuse_unk) return;
  const call = model._call.bind(model);
  model._call = (words) => words.flatMap((word) => call([word]));
}

/** Keeps unknown words, which the library leaves out. */
function wordLevel(model: Model, unknown: string | undefined): void {
  model.encode = (words) =>
    words.map((word) => (unknown === undefined || model.tokens_to_ids.has(word) ? word : unknown));
}

/** Puts a space before the first piece of a text only, and counts lengths in characters. */
function pieces(part: Part): void {
  for (const inner of part.tokenizers ?? []) pieces(inner);
  const { type, length = 1 } = part.config ?? {};
  if (type === 'FixedLength')
    part.pre_tokenize_text = (text) => {
      const letters = [...text];
      return Array.from({ length: Math.ceil(letters.length / length) }, (_, i) =>
        letters.slice(i * length, (i + 1) * length).join(''),
      );
    };
  if (part.tokenizers) part.pre_tokenize_text = inTurn(part.tokenizers);
  if (part.prepend_scheme !== 'first' && !part.tokenizers) return;
  part.pre_tokenize = (text, options) =>
    [text]
      .flat()
      .flatMap((piece, i) =>
        part.pre_tokenize_text!(piece, i === 0 ? options : { ...options, section_index: i }),
      ); // every part has it
}

/** A piece counts as the first of a text only if nothing before it was dropped. */
const inTurn =
  (parts: readonly Part[]) =>
  (text: string, options: object): string[] => {
    let found = [text];
    let said = options;
    for (const part of parts) {
      const next = part.pre_tokenize!(found, said); // every part has it
      if (!found[0]?.startsWith(next[0] ?? '')) said = { ...said, section_index: 1 };
      found = next;
    }
    return found;
  };

/** Removes a leading space when decoding only if encoding has added one. */
function spaces(part: Part): void {
  for (const inner of part.decoders ?? []) spaces(inner);
  if (part.config?.type !== 'Metaspace' || part.config.prepend_scheme !== 'never') return;
  part.decode_chain = (tokens) => tokens.map((token) => token.replaceAll(part.replacement ?? '\u2581', ' '));
}

const endsInWord = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const beginsWithWord = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** Matches tokens that must be whole words only at the borders of words. */
function wholeWords(splitter: Splitter, added: Added): void {
  if (![...added.values()].some((token) => token.single_word)) return;
  const split = splitter.split.bind(splitter);
  splitter.split = (text) => {
    const parts = split(text);
    const found: string[] = [];
    let isOpen = false;
    for (const [i, part] of parts.entries()) {
      const token = added.get(part);
      const inWord = endsInWord.test(parts[i - 1] ?? '') || beginsWithWord.test(parts[i + 1] ?? '');
      const isText = token === undefined || (token.single_word && inWord);
      if (isOpen && isText) found[found.length - 1] += part;
      else found.push(part);
      isOpen = isText;
    }
    return found;
  };
}
