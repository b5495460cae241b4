/** Text to tokens and back: nanochat's `tokenizer.pkl`, a `tokenizer.json`, a SentencePiece model, or a rank file of tiktoken. */

import { error, Refusal } from '../../spec/diagnostic.ts';
import { largest } from '../../spec/long_list.ts';
import { bpe } from './bpe.ts';
import { hubTokenizer } from './hub_tokenizer.ts';
import { looksLikeRanks, readRanks } from './rank_file.ts';
import { piecesAsJson } from './sentencepiece_json.ts';
import { looksLikePieces } from './sentencepiece_model.ts';
import { type Encoding, readEncoding } from './tiktoken_pickle.ts';
import type { DecodeStream, Tokenizer } from './tokenizer.ts';

/** `config` is the `tokenizer_config.json` that lies beside a `tokenizer.json` or a SentencePiece model. */
export function openTokenizer(bytes: Uint8Array, file: string, config?: Uint8Array): Tokenizer {
  if (bytes.find((b) => b > 32) === 0x7b) return hubTokenizer(bytes, file, config);
  if (looksLikePieces(bytes)) {
    const files = piecesAsJson(bytes, file, config);
    return hubTokenizer(files.json, file, files.config);
  }
  return tiktoken(encodingOf(bytes, file), file);
}

/** Reads a file that is no `tokenizer.json`; refuses (N621) one that is no encoding of tiktoken either. */
export function encodingOf(bytes: Uint8Array, file: string): Encoding {
  if (bytes.find((b) => b > 32) === 0x80) return readEncoding(bytes, file);
  if (looksLikeRanks(bytes)) return readRanks(bytes, file);
  const hint =
    'nanochat writes tokenizer.pkl; a Hugging Face model has a tokenizer.json; tiktoken has rank files';
  throw new Refusal([
    error(
      'N621',
      'neither a pickled tiktoken Encoding, nor a tokenizer.json, a SentencePiece model or a rank file',
      {
        file,
        hint,
      },
    ),
  ]);
}

/** nanochat's names, in the order in which its engine stops at them. */
const stopNames = [
  ...['<|assistant_end|>', '<|bos|>', '<|endoftext|>'],
  ...['<|eot_id|>', '<|eom_id|>', '<|end_of_text|>', '<|im_end|>'],
];

const unknownToken = new TextEncoder().encode('\ufffd');

function tiktoken(encoding: Encoding, file: string): Tokenizer {
  const { ranks, special } = encoding;
  const ordinary = bpe(encoding, file);
  const bytesOf = new Map<number, Uint8Array>();
  for (const [text, id] of ranks)
    bytesOf.set(
      id,
      Uint8Array.from(text, (c) => c.charCodeAt(0)),
    );
  for (const [text, id] of special) bytesOf.set(id, new TextEncoder().encode(text));
  const cut = separator(special);
  // Those who write nanochat's and Llama 3's encodings begin every text with a token; OpenAI's begin with none.
  const [begin] = ['<|bos|>', '<|begin_of_text|>'].flatMap((n) => special.get(n) ?? []);
  const bos = begin ?? special.get('<|endoftext|>');
  const stream = (): DecodeStream => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return {
      push: (token) => decoder.decode(bytesOf.get(token) ?? unknownToken, { stream: true }),
      end: () => decoder.decode(),
    };
  };
  return {
    vocab: largest(bytesOf.keys(), -1) + 1,
    special,
    ...(bos === undefined ? {} : { bos }),
    around: { before: begin === undefined ? [] : [begin], after: [] },
    stops: stopNames.flatMap((name) => special.get(name) ?? []),
    encode: (text, options) => {
      if (!options?.special || !cut) return ordinary(text);
      return text.split(cut).flatMap((part, i) => (i % 2 === 1 ? special.get(part)! : ordinary(part)));
    },
    decode: (tokens) => {
      const { push, end } = stream();
      return Array.from(tokens, push).join('') + end();
    },
    decodeStream: stream,
  };
}

/** Matches any special token, so that `split` gives texts and tokens in turn. */
function separator(special: ReadonlyMap<string, number>): RegExp | undefined {
  const names = [...special.keys()].sort((a, b) => b.length - a.length);
  if (names.length === 0) return undefined;
  return new RegExp(`(${names.map((n) => n.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})`, 'u');
}
