/** A Hugging Face `tokenizer.json`, read by @huggingface/tokenizers. */

import { Tokenizer as Hub } from '@huggingface/tokenizers';
import type { Json } from '../compiler/weights/checkpoint.ts';
import { parseJson } from '../compiler/weights/strict_json.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import type { DecodeStream, Tokenizer } from './tokenizer.ts';

type JsonMap = { readonly [key: string]: Json };

const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function read(bytes: Uint8Array, file: string): JsonMap {
  const parsed = parseJson(new TextDecoder().decode(bytes));
  if ('problem' in parsed)
    throw new Refusal([error('N621', 'not valid JSON', { file, found: parsed.problem })]);
  if (!isMap(parsed.value)) throw new Refusal([error('N621', 'not a tokenizer.json', { file })]);
  return parsed.value;
}

/** `"</s>"`, or `{ "content": "</s>", ... }`. */
const nameOf = (value: Json | undefined): string | undefined => {
  const text = isMap(value) ? value['content'] : value;
  return typeof text === 'string' ? text : undefined;
};

/** Where a config says nothing, the names that models use. */
const usual = {
  bos: ['<|bos|>', '<|begin_of_text|>', '<s>', '<|endoftext|>'],
  stop: [
    '<|assistant_end|>',
    '<|im_end|>',
    '<|eot_id|>',
    '<|end_of_text|>',
    '</s>',
    '<|endoftext|>',
    '<|bos|>',
  ],
};

export function hubTokenizer(bytes: Uint8Array, file: string, config?: Uint8Array): Tokenizer {
  const json = read(bytes, file);
  const settings = config ? read(config, `${file} (its config)`) : {};
  const hub = open(json, settings, file);
  const ordinary = open({ ...json, added_tokens: unspecial(json['added_tokens']) }, settings, file);
  const special = new Map(
    [...hub.get_added_tokens_decoder()].flatMap(([id, token]) =>
      token.special ? [[token.content, id] as const] : [],
    ),
  );
  const idOf = (name: string | undefined): number[] => {
    const id = name === undefined ? undefined : hub.token_to_id(name);
    return id === undefined ? [] : [id];
  };
  const named = idOf(nameOf(settings['bos_token']));
  const [bos] = named.length > 0 ? named : usual.bos.flatMap((n) => special.get(n) ?? []);
  const stop = [...idOf(nameOf(settings['eos_token'])), ...usual.stop.flatMap((n) => special.get(n) ?? [])];
  const decode = (tokens: Iterable<number>): string => {
    const ids = [...tokens];
    return ids.length === 0 ? '' : hub.decode(ids, { skip_special_tokens: false });
  };
  return {
    vocab: Math.max(-1, ...hub.get_vocab(true).values()) + 1,
    special,
    ...(bos === undefined ? {} : { bos }),
    stops: [...new Set(stop)],
    encode: (text, options) =>
      (options?.special ? hub : ordinary).encode(text, { add_special_tokens: false }).ids,
    decode,
    decodeStream: () => windowed(decode),
  };
}

/** Added tokens that a text may hold. */
const unspecial = (added: Json | undefined): readonly Json[] =>
  Array.isArray(added) ? added.filter((token) => isMap(token) && token['special'] !== true) : [];

function open(json: JsonMap, settings: JsonMap, file: string): Hub {
  try {
    return new Hub(json, settings);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
    throw new Refusal([error('N621', 'the tokenizer.json cannot be used', { file, found })]);
  }
}

/** Decodes the last tokens again with each new one, as what a token says can depend on the ones before it. */
function windowed(decode: (tokens: readonly number[]) => string): DecodeStream {
  let kept: number[] = [];
  let shown = '';
  return {
    push: (token) => {
      kept.push(token);
      const text = decode(kept);
      if (text.endsWith('\ufffd')) return '';
      const fresh = text.slice(shown.length);
      // The token itself stays, so that the next one is not the first of a text.
      kept = [token];
      shown = decode(kept);
      return fresh;
    },
    end: () => decode(kept).slice(shown.length),
  };
}
