/** A Hugging Face `tokenizer.json`, read by @huggingface/tokenizers. */

import { Tokenizer as Hub } from '@huggingface/tokenizers';
import type { Json } from '../../compiler/checkpoint/checkpoint.ts';
import { parseJson } from '../../compiler/checkpoint/strict_json.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { largest } from '../../spec/long_list.ts';
import { charsmap } from './charsmap.ts';
import { closeGaps, unknownIn } from './hub_gaps.ts';
import { inHubWords, isMap, type JsonMap, patternsIn } from './hub_json.ts';
import { refuseRisk } from './pattern_risk.ts';
import type { Around, DecodeStream, Tokenizer } from './tokenizer.ts';
import { nameOf, readConfig } from './tokenizer_config.ts';
import { unigram } from './unigram.ts';

function read(bytes: Uint8Array, file: string): JsonMap {
  const parsed = parseJson(new TextDecoder().decode(bytes));
  if ('problem' in parsed)
    throw new Refusal([error('N621', 'not valid JSON', { file, found: parsed.problem })]);
  if (!isMap(parsed.value)) throw new Refusal([error('N621', 'not a tokenizer.json', { file })]);
  return parsed.value;
}

/** The usual names of special tokens, for configs that do not give them. */
const usualNames = {
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
  const whole = read(bytes, file);
  for (const pattern of patternsIn(whole)) refuseRisk(pattern, file);
  const json = inHubWords(whole);
  const found = unknownIn(json);
  if (found !== undefined)
    throw new Refusal([error('N621', 'the tokenizer.json cannot be used', { file, found })]);
  const settings = readConfig(config, file);
  const hub = open(json, settings, file);
  const ordinary = withoutSpecial(hub, json, settings, file);
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
  const isTold = named.length > 0 || settings['bos_token'] === null;
  const [bos] = isTold ? named : usualNames.bos.flatMap((n) => special.get(n) ?? []);
  const stop = [
    ...idOf(nameOf(settings['eos_token'])),
    ...usualNames.stop.flatMap((n) => special.get(n) ?? []),
  ];
  const decode = (tokens: Iterable<number>): string => {
    const ids = [...tokens];
    return ids.length === 0 ? '' : hub.decode(ids, { skip_special_tokens: false });
  };
  return {
    vocab: largest(hub.get_vocab(true).values(), -1) + 1,
    special,
    ...(bos === undefined ? {} : { bos }),
    around: around(hub, file),
    stops: [...new Set(stop)],
    encode: (text, options) => (options?.special ? idsOf(hub, text) : ordinary(text)),
    decode,
    decodeStream: () => windowed(decode),
  };
}

const idsOf = (hub: Hub, text: string): number[] => hub.encode(text, { add_special_tokens: false }).ids;

/** A character that no text and no token contains. */
const unspellable = '\uffff';

/** The tokens that the post processor puts around any text. */
function around(hub: Hub, file: string): Around {
  const tokens: readonly string[] = hub.post_processor?.post_process([unspellable], null, true).tokens ?? [
    unspellable,
  ];
  const at = tokens.indexOf(unspellable);
  const ids = tokens.map((token) => (token === unspellable ? -1 : hub.token_to_id(token)));
  const unknown = ids.indexOf(undefined);
  if (at < 0 || unknown >= 0) {
    const found = at < 0 ? 'it leaves out the text' : `no token is named ${JSON.stringify(tokens[unknown])}`;
    throw new Refusal([error('N621', 'what the tokenizer puts around a text is unclear', { file, found })]);
  }
  return { before: (ids as number[]).slice(0, at), after: (ids as number[]).slice(at + 1) }; // none is undefined
}

const addedOf = (json: JsonMap): readonly JsonMap[] => {
  const added = json['added_tokens'];
  return Array.isArray(added) ? added.filter(isMap) : [];
};

/** Encodes texts in which nothing is a special token: only the other added tokens are looked for. */
function withoutSpecial(
  hub: Hub,
  json: JsonMap,
  settings: JsonMap,
  file: string,
): (text: string) => number[] {
  const model = isMap(json['model']) ? json['model'] : {};
  const added_tokens = addedOf(json).filter((token) => token['special'] !== true);
  const special = new Map(
    addedOf(json)
      .filter((token) => token['special'] === true)
      .map((token) => [hub.token_to_id(nameOf(token) ?? ''), nameOf(token) ?? '']),
  );
  // A text may have characters that are no token.
  if (model['byte_fallback'] !== true) special.delete(hub.token_to_id(nameOf(model['unk_token']) ?? ''));
  const empty = { ...model, type: 'BPE', vocab: {}, merges: [] };
  const ordinary = open({ ...json, added_tokens, model: empty }, settings, file);
  ordinary.model = hub.model;
  if (model['type'] === 'Unigram') return (text) => idsOf(ordinary, text);
  // What is spelled like a special token may be made of pieces that merge, or be looked up as a whole.
  let strict: Hub | undefined;
  return (text) => {
    const ids = idsOf(ordinary, text);
    if (!ids.some((id) => special.has(id))) return ids;
    strict ??= open(
      { ...json, added_tokens, model: unspelled(model, new Set(special.values())) },
      settings,
      file,
    );
    return idsOf(strict, text);
  };
}

/** The model with some of its tokens renamed, so that no text can spell them. */
function unspelled(model: JsonMap, names: ReadonlySet<string>): JsonMap {
  const { vocab, merges, unk_token } = model;
  if (!isMap(vocab)) return model;
  const unknown = nameOf(unk_token) ?? '';
  const made = (merge: Json): boolean =>
    names.has(Array.isArray(merge) ? merge.join('') : String(merge).replace(' ', ''));
  return {
    ...model,
    ...(names.has(unknown) ? { unk_token: unspellable + unknown } : {}),
    vocab: Object.fromEntries(
      Object.entries(vocab).map(([name, id]) => [names.has(name) ? unspellable + name : name, id]),
    ),
    ...(Array.isArray(merges) ? { merges: merges.filter((merge) => !made(merge)) } : {}),
  };
}

function open(json: JsonMap, settings: JsonMap, file: string): Hub {
  try {
    const model = isMap(json['model']) ? json['model'] : {};
    const isBpe = model['type'] === 'BPE';
    const cleans = !isBpe && settings['clean_up_tokenization_spaces'] === true; // as transformers has it
    const hub = new Hub(json, { clean_up_tokenization_spaces: cleans });
    fixNormalizer(hub.normalizer, file);
    fixNormalizer(hub.decoder, file);
    if (hub.model && model['type'] === 'Unigram') fixUnigram(hub.model, json);
    closeGaps(hub, json);
    return hub;
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    const found = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
    throw new Refusal([error('N621', 'the tokenizer.json cannot be used', { file, found })]);
  }
}

/** The fields of a normaliser or decoder of the library that are changed here. */
interface Part {
  readonly config: { readonly type?: string; readonly precompiled_charsmap?: unknown };
  readonly normalizers?: readonly (Part | null)[];
  readonly decoders?: readonly (Part | null)[];
  normalize?: (text: string) => string;
  text_decoder?: InstanceType<typeof TextDecoder>;
}

/** Corrects two faults: the library treats every character table as NFKC, and drops a byte order mark that is spelled in bytes. */
function fixNormalizer(part: Part | null, file: string): void {
  for (const inner of part?.normalizers ?? part?.decoders ?? []) fixNormalizer(inner, file);
  if (part?.config.type === 'ByteFallback') part.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  if (part?.config.type !== 'Precompiled') return;
  const table = part.config.precompiled_charsmap ?? '';
  const normalise = typeof table === 'string' ? charsmap(fromBase64(table)) : undefined;
  if (!normalise) throw new Refusal([error('N621', 'the precompiled_charsmap is damaged', { file })]);
  part.normalize = normalise;
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  return Uint8Array.from({ length: binary.length }, (_, i) => binary.charCodeAt(i));
}

interface HubModel {
  readonly vocab: readonly string[];
  encode: (texts: readonly string[]) => readonly string[];
}

/** Corrects two faults: the library has no byte fallback, and treats names of special tokens as pieces. */
function fixUnigram(model: HubModel, json: JsonMap): void {
  const { vocab, unk_id, byte_fallback } = json['model'] as JsonMap;
  const pieces = (Array.isArray(vocab) ? vocab : []).map((entry) => {
    const [piece, score] = Array.isArray(entry) ? entry : [];
    if (typeof piece === 'string' && typeof score === 'number') return [piece, score] as const;
    throw new Error('a piece of the vocabulary has no score');
  });
  const apart = addedOf(json).flatMap((token) => (token['special'] === true ? [nameOf(token) ?? ''] : []));
  const unknown = typeof unk_id === 'number' ? unk_id : -1;
  const encode = unigram({ pieces, unknown, byteFallback: byte_fallback === true, notText: new Set(apart) });
  model.encode = (tokens) => tokens.flatMap((text) => encode(text).map((id) => model.vocab[id] ?? ''));
}

/** Decodes the last tokens again with each new one, because the text of a token can depend on the tokens before it. */
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
