/** Reads a SentencePiece `tokenizer.model`: its pieces, and the normalisation of texts. */

import protobuf from 'protobufjs/light.js';
import { error, Refusal } from '../../spec/diagnostic.ts';

const kinds = ['', 'normal', 'unknown', 'control', 'user', 'unused', 'byte'] as const;

export interface Piece {
  readonly text: string;
  readonly score: number;
  readonly kind: (typeof kinds)[number];
}

export interface SentencePieceModel {
  readonly type: 'unigram' | 'bpe';
  /** The pieces, in the order of their ids. */
  readonly pieces: readonly Piece[];
  readonly byteFallback: boolean;
  readonly unknown: string;
  /** Undefined where the model has no such token. */
  readonly bos?: string;
  readonly eos?: string;
  readonly charsmap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
}

/** Field numbers, types and defaults of the published format, as far as they are needed. */
const messages: Readonly<
  Record<string, Readonly<Record<string, readonly [id: number, type: string, value?: unknown]>>>
> = {
  ModelProto: {
    pieces: [1, 'repeated SentencePiece'],
    trainerSpec: [2, 'TrainerSpec'],
    normalizerSpec: [3, 'NormalizerSpec'],
  },
  SentencePiece: { piece: [1, 'string', ''], score: [2, 'float', 0], type: [3, 'int32', 1] },
  TrainerSpec: {
    modelType: [3, 'int32', 1],
    treatWhitespaceAsSuffix: [24, 'bool', false],
    byteFallback: [35, 'bool', false],
    unkId: [40, 'int32', 0],
    bosId: [41, 'int32', 1],
    eosId: [42, 'int32', 2],
  },
  NormalizerSpec: {
    precompiledCharsmap: [2, 'bytes'],
    addDummyPrefix: [3, 'bool', true],
    removeExtraWhitespaces: [4, 'bool', true],
    escapeWhitespaces: [5, 'bool', true],
  },
};

interface Message {
  readonly pieces: readonly { readonly piece: string; readonly score: number; readonly type: number }[];
  readonly trainerSpec: Readonly<Record<'modelType' | 'unkId' | 'bosId' | 'eosId', number>> &
    Readonly<Record<'treatWhitespaceAsSuffix' | 'byteFallback', boolean>>;
  readonly normalizerSpec: {
    readonly precompiledCharsmap: Uint8Array;
  } & Readonly<Record<'addDummyPrefix' | 'removeExtraWhitespaces' | 'escapeWhitespaces', boolean>>;
}

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(messages).map(([name, fields]) => [
      name,
      {
        fields: Object.fromEntries(
          Object.entries(fields).map(([field, [id, type, value]]) => [
            field,
            {
              id,
              type: type.replace('repeated ', ''),
              ...(type.startsWith('repeated ') ? { rule: 'repeated' } : {}),
              ...(value === undefined ? {} : { options: { default: value } }),
            },
          ]),
        ),
      },
    ]),
  ),
});

/** Whether a file begins like such a model: with a piece. */
export const looksLikePieces = (bytes: Uint8Array): boolean => bytes[0] === 0x0a;

/** Refuses (N621) damaged files, and types of models that no language model uses. */
export function readPieces(bytes: Uint8Array, file: string): SentencePieceModel {
  const refuse = (message: string, found?: string): never => {
    throw new Refusal([error('N621', message, { file, ...(found ? { found } : {}) })]);
  };
  const { pieces, trainerSpec, normalizerSpec } = decode(bytes, refuse);
  const type = ({ 1: 'unigram', 2: 'bpe' } as const)[trainerSpec.modelType];
  if (!type) return refuse('a SentencePiece model is unigram or bpe', `type ${trainerSpec.modelType}`);
  if (trainerSpec.treatWhitespaceAsSuffix)
    refuse('a SentencePiece model that puts spaces after words is beyond nanoc');
  const read = pieces.map(({ piece, score, type }) => ({ text: piece, score, kind: kinds[type] ?? '' }));
  const wrong = read.findIndex(
    ({ text, score, kind }) => text === '' || !Number.isFinite(score) || kind === '' || kind === 'unused',
  );
  if (wrong >= 0) refuse('a piece that is none', `piece ${wrong}: ${JSON.stringify(pieces[wrong])}`);
  const textOf = (id: number): string | undefined => read[id]?.text;
  const [bos, eos] = [textOf(trainerSpec.bosId), textOf(trainerSpec.eosId)];
  return {
    ...{ type, pieces: read, byteFallback: trainerSpec.byteFallback },
    unknown: textOf(trainerSpec.unkId) ?? refuse('the model has no unknown token'),
    ...(bos === undefined ? {} : { bos }),
    ...(eos === undefined ? {} : { eos }),
    charsmap: normalizerSpec.precompiledCharsmap,
    addDummyPrefix: normalizerSpec.addDummyPrefix,
    removeExtraWhitespaces: normalizerSpec.removeExtraWhitespaces,
    escapeWhitespaces: normalizerSpec.escapeWhitespaces,
  };
}

function decode(bytes: Uint8Array, refuse: (message: string, found?: string) => never): Message {
  try {
    const message = root.lookupType('ModelProto').decode(bytes) as unknown as Message; // the table above is its type
    if (message.pieces.length === 0) return refuse('no pieces in the SentencePiece model');
    // A file that was cut off lacks these two, which come last.
    if (message.trainerSpec && message.normalizerSpec) return message;
    return refuse('the SentencePiece model ends after its pieces');
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    return refuse('damaged, or no SentencePiece model', cause instanceof Error ? cause.message : undefined);
  }
}
