/**
 * A SentencePiece model as the `tokenizer.json` and `tokenizer_config.json` that give the same ids. What begins and ends a
 * text is not in the model: the config beside it says so, as transformers reads it.
 */

import { escaped, isMap, type JsonMap } from './hub_json.ts';
import { readPieces, type SentencePieceModel } from './sentencepiece_model.ts';
import { around, type EndTokens, endsIn, nameOf, readConfig } from './tokenizer_config.ts';

export interface HubFiles {
  readonly json: Uint8Array;
  readonly config: Uint8Array;
  /** Whether the config says if a text begins with a token; transformers takes a missing entry for no. */
  readonly saysBos: boolean;
}

/** Converts a model; refuses (N621) a damaged one. */
export function piecesAsJson(bytes: Uint8Array, file: string, config?: Uint8Array): HubFiles {
  const settings = readConfig(config, file);
  const model = renamed(readPieces(bytes, file), settings);
  const ends = endsIn(settings, model);
  const utf8 = new TextEncoder();
  return {
    json: utf8.encode(JSON.stringify(tokenizerJson(model, settings, ends))),
    config: utf8.encode(`${JSON.stringify(written(settings, ends, model.unknown), null, 2)}\n`),
    saysBos: ends.bos === undefined || typeof settings['add_bos_token'] === 'boolean',
  };
}

/** Tokens that the config gives by their ids: additional ones, and other names for existing ones. */
const addedIn = (settings: JsonMap): readonly (readonly [id: number, token: JsonMap])[] => {
  const decoder = settings['added_tokens_decoder'];
  return (isMap(decoder) ? Object.entries(decoder) : []).flatMap(([id, token]) =>
    /^\d+$/.test(id) && isMap(token) && nameOf(token) ? [[Number(id), token] as const] : [],
  );
};

function renamed(model: SentencePieceModel, settings: JsonMap): SentencePieceModel {
  const names = new Map(addedIn(settings).map(([id, token]) => [id, nameOf(token)!]));
  const taken = new Set(model.pieces.flatMap(({ text }, id) => (names.has(id) ? [] : [text])));
  const pieces = model.pieces.map((piece, id) => {
    const name = names.get(id);
    return name === undefined || taken.has(name) ? piece : { ...piece, text: name };
  });
  return { ...model, pieces };
}

/** The config, with values that it leaves to the model filled in, and without entries for SentencePiece itself. */
function written(settings: JsonMap, { bos, eos }: EndTokens, unknown: string): JsonMap {
  const { sp_model_kwargs, added_tokens_decoder, auto_map, legacy, ...kept } = settings;
  return {
    clean_up_tokenization_spaces: false,
    unk_token: unknown,
    ...kept,
    ...(bos === undefined ? {} : { bos_token: bos }),
    ...(eos === undefined ? {} : { eos_token: eos }),
    tokenizer_class: 'PreTrainedTokenizerFast',
  };
}

const space = '\u2581';

function tokenizerJson(model: SentencePieceModel, settings: JsonMap, ends: EndTokens): JsonMap {
  const user = model.pieces.filter(({ kind }) => kind === 'user').map(({ text }) => text);
  const added = addedTokens(model, settings);
  const idOf = (name: string): number => added.find((token) => token.content === name)?.id ?? -1;
  const prefix = model.addDummyPrefix;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: { type: 'Sequence', normalizers: normalisers(model) },
    // SentencePiece takes these pieces whole before anything merges.
    pre_tokenizer:
      user.length === 0
        ? null
        : {
            type: 'Split',
            pattern: {
              Regex: [...user]
                .sort((a, b) => b.length - a.length)
                .map(escaped)
                .join('|'),
            },
            ...{ behavior: 'Isolated', invert: false },
          },
    post_processor: around(ends, idOf),
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: space }, content: ' ' },
        ...(model.byteFallback ? [{ type: 'ByteFallback' }] : []),
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: model.type === 'bpe' ? bpeModel(model, user.length > 0) : unigramModel(model),
  };
}

function normalisers({ charsmap, ...model }: SentencePieceModel): readonly JsonMap[] {
  const replace = (pattern: JsonMap, content: string): JsonMap => ({ type: 'Replace', pattern, content });
  const { removeExtraWhitespaces: trims, escapeWhitespaces: escapes } = model;
  const spelled = escapes ? space : ' ';
  return [
    ...(charsmap.length > 0 ? [{ type: 'Precompiled', precompiled_charsmap: base64(charsmap) }] : []),
    ...(trims ? [replace({ Regex: '\\A +' }, ''), replace({ Regex: ' {2,}' }, ' ')] : []),
    ...(model.addDummyPrefix ? [{ type: 'Prepend', prepend: spelled }] : []),
    ...(escapes ? [replace({ String: ' ' }, space)] : []),
    ...(trims ? [replace({ Regex: `${spelled}+\\z` }, '')] : []),
  ];
}

function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  const chunkBytes = 0x3000; // a multiple of three, so that no part but the last is padded
  for (let at = 0; at < bytes.length; at += chunkBytes)
    parts.push(btoa(Array.from(bytes.subarray(at, at + chunkBytes), (b) => String.fromCharCode(b)).join('')));
  return parts.join('');
}

function addedTokens({ pieces }: SentencePieceModel, settings: JsonMap) {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const own = pieces.flatMap(({ text, kind }, id) =>
    kind === 'control' || kind === 'unknown' ? [{ id, content: text, ...plain, special: true }] : [],
  );
  const further = addedIn(settings)
    .filter(([id]) => id >= pieces.length)
    .map(([id, token]) => ({
      id,
      content: nameOf(token)!,
      single_word: token['single_word'] === true,
      lstrip: token['lstrip'] === true,
      rstrip: token['rstrip'] === true,
      normalized: false,
      special: token['special'] === true,
    }));
  return [...own, ...further.sort((a, b) => a.id - b.id)];
}

function unigramModel({ pieces, unknown, byteFallback }: SentencePieceModel): JsonMap {
  return {
    type: 'Unigram',
    unk_id: pieces.findIndex(({ text }) => text === unknown),
    vocab: pieces.map(({ text, score }) => [text, score]),
    byte_fallback: byteFallback,
  };
}

function bpeModel({ pieces, unknown, byteFallback }: SentencePieceModel, whole: boolean): JsonMap {
  return {
    ...{ type: 'BPE', dropout: null, unk_token: unknown },
    ...{ continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: true },
    byte_fallback: byteFallback,
    ignore_merges: whole,
    vocab: Object.fromEntries(pieces.map(({ text }, id) => [text, id])),
    merges: mergesOf(pieces),
  };
}

/** Merges for any two pieces that together are a piece, best score first. */
function mergesOf(pieces: SentencePieceModel['pieces']): readonly (readonly [string, string])[] {
  const normal = new Set(pieces.flatMap(({ text, kind }) => (kind === 'normal' ? [text] : [])));
  const ranked = pieces.map((piece, id) => ({ ...piece, id })).filter(({ kind }) => kind === 'normal');
  return ranked
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .flatMap(({ text }) => {
      const found: (readonly [string, string])[] = [];
      for (let at = 1; at < text.length; at++) {
        const [left, right] = [text.slice(0, at), text.slice(at)];
        if (normal.has(left) && normal.has(right)) found.push([left, right]);
      }
      return found;
    });
}
