/** Where a tokenizer lies: beside a model, a checkpoint or in nanochat's base folder, under the names it is given there. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { chatTemplate, conversationTokens } from '../runtime/tokenizer/chat_template.ts';
import { gpt2Tokenizer } from '../runtime/tokenizer/gpt2_files.ts';
import { encodingOf } from '../runtime/tokenizer/open_tokenizer.ts';
import { piecesAsJson } from '../runtime/tokenizer/sentencepiece_json.ts';
import { looksLikePieces } from '../runtime/tokenizer/sentencepiece_model.ts';
import type { Tokenizer } from '../runtime/tokenizer/tokenizer.ts';
import { openTokenizer } from '../runtime/tokenizer/tokenizer_node.ts';
import { type Ends, tokenizerConfig, tokenizerFiles } from '../runtime/tokenizer/write_tokenizer.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { own } from '../spec/own.ts';
import { folderAround } from './layout_folders.ts';
import { isFile, isFolder } from './on_disk.ts';
import { layouts } from './registry.ts';

export interface TokenizerFile {
  /** Path of the file. */
  readonly path: string;
  /** Bytes of the file, or of the `tokenizer.json` that is made from it. */
  readonly bytes: Uint8Array;
  readonly isJson: boolean;
  /** Hugging Face's `tokenizer_config.json`, which says what begins and ends a text. */
  readonly config?: Uint8Array;
  readonly tokenizer: Tokenizer;
  /** What its files leave open, if the user should know. */
  readonly doubt?: string;
}

const names = ['tokenizer.pkl', 'tokenizer.json'];
/**
 * What else a folder may have one of, the first that is there: SentencePiece's model or Llama 3's ranks, GPT-2's vocabulary
 * beside its merges, rank files of tiktoken. transformers looks in this order, too.
 */
const others = [
  /^(?:tokenizer|spiece|sentencepiece\.bpe)\.model$/,
  /^(?:vocab|encoder)\.json$/,
  /\.tiktoken$/,
];
const mergesOf: Readonly<Record<string, string>> = {
  'vocab.json': 'merges.txt',
  'encoder.json': 'vocab.bpe',
};
const configName = 'tokenizer_config.json';

/** A larger file is refused as a tokenizer; the largest in use have some 20 MB. */
const mostTokenizerBytes = 64 * 2 ** 20;

const inFolder = (folder: string): readonly string[] =>
  [folder, join(folder, 'tokenizer')].flatMap((f) =>
    [...names, ...otherNames(f)].map((name) => join(f, name)),
  );

function otherNames(folder: string): readonly string[] {
  if (!isFolder(folder)) return [];
  const all = readdirSync(folder).sort();
  const found = others.flatMap((kind) => all.filter((name) => kind.test(name)));
  return found.filter((name) => !mergesOf[name] || isFile(join(folder, mergesOf[name])));
}

/** `model.onnx` has `model.tokenizer.pkl` beside it when nanoc wrote both. */
const ownNames = (model: string): readonly string[] =>
  names.map((name) => join(dirname(model), `${stem(model)}.${name}`));

const stem = (path: string): string => basename(path).replace(/\.[^.]*$/, '');

const besideModel = (model: string): string | undefined =>
  [...ownNames(model), ...[dirname(model), ...foldersAround(model)].flatMap(inFolder)].find(isFile);

/** In a layout the model may lie further down than its tokenizer. */
const foldersAround = (model: string): readonly string[] =>
  layouts()
    .filter(({ wantsTokenizer }) => wantsTokenizer)
    .flatMap((layout) => folderAround(layout, model) ?? []);

/** In the checkpoint's folder, or where nanochat keeps it: `<base>/tokenizer` for `<base>/base_checkpoints/d20`. */
export function besideCheckpoint(checkpoint: string): string | undefined {
  const folder = isFile(checkpoint) ? dirname(checkpoint) : checkpoint;
  const base = join(folder, '..', '..');
  const kept = /_checkpoints$/.test(basename(join(folder, '..'))) ? inFolder(base) : [];
  return [...inFolder(folder), ...kept].find(isFile);
}

/** What `--tokenizer` names: a file, or a folder with one. Refuses with N708. */
export function namedTokenizer(path: string): string {
  const found = isFile(path) ? path : inFolder(path).find(isFile);
  if (found !== undefined) return found;
  throw new Refusal([
    error('N708', `no tokenizer at ${path}`, {
      file: path,
      expected: `${names.join(', ')}, tokenizer.model, a .tiktoken file, vocab.json with merges.txt, or a folder with one`,
    }),
  ]);
}

/** The tokenizer of a model: the one that is named, else what lies beside it. Refuses with N708 or N621. */
export function tokenizerFor(model: string, named: string | undefined): Tokenizer {
  const path = named === undefined ? besideModel(model) : namedTokenizer(named);
  if (path !== undefined) return readTokenizer(path).tokenizer;
  throw new Refusal([
    error('N708', 'no tokenizer beside the model', {
      file: model,
      expected: 'tokenizer.pkl, tokenizer.json or tokenizer.model',
      hint: 'name it with --tokenizer PATH; nanoc run --tokens IDS needs none',
    }),
  ]);
}

const silentPieces = `no ${configName} says whether a text begins with a BOS token (add_bos_token), so none does; nanoc run --bos always puts it there`;

/** Refuses with N708 or N621. */
export function readTokenizer(path: string): TokenizerFile {
  const merges = own(mergesOf, basename(path));
  if (merges !== undefined) return gpt2Files(path, join(dirname(path), merges));
  const bytes = read(path);
  const besides = [path.replace(/tokenizer\.json$/, configName), join(dirname(path), configName)];
  const isJson = path.endsWith('.json');
  const hasConfig = isJson || looksLikePieces(bytes);
  const configPath = hasConfig ? besides.find((p) => p !== path && isFile(p)) : undefined;
  const config = configPath === undefined ? undefined : read(configPath);
  if (!isJson && hasConfig) {
    const files = piecesAsJson(bytes, path, config);
    const tokenizer = openTokenizer(files.json, path, files.config);
    const doubt = files.saysBos ? {} : { doubt: silentPieces };
    return { path, bytes: files.json, isJson: true, tokenizer, config: files.config, ...doubt };
  }
  const tokenizer = openTokenizer(bytes, path, config);
  return { path, bytes, isJson, tokenizer, ...(config ? { config } : {}) };
}

/** Makes one `tokenizer.json` from GPT-2's two files. */
function gpt2Files(vocab: string, merges: string): TokenizerFile {
  if (!isFile(merges)) {
    const extra = { file: vocab, expected: `${basename(merges)} beside it` };
    throw new Refusal([error('N708', 'a vocabulary without its merges', extra)]);
  }
  const beside = join(dirname(vocab), configName);
  const config = isFile(beside) ? read(beside) : undefined;
  const [tokens, pairs] = [vocab, merges].map((file) => ({ bytes: read(file), file }));
  const bytes = gpt2Tokenizer(tokens!, pairs!, config); // there are two
  const tokenizer = openTokenizer(bytes, vocab, config);
  return { path: vocab, bytes, isJson: true, tokenizer, ...(config ? { config } : {}) };
}

function read(path: string): Uint8Array {
  const size = statSync(path).size;
  if (size > mostTokenizerBytes) {
    const found = `${size} bytes`;
    throw new Refusal([
      error('N621', 'too large for a tokenizer', {
        file: path,
        expected: `at most ${mostTokenizerBytes}`,
        found,
      }),
    ]);
  }
  try {
    return readFileSync(path);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal([error('N708', 'the tokenizer cannot be read', { file: path, found })]);
  }
}

/** Why (N621) a model with so many tokens cannot have this tokenizer, if it cannot. */
export function misfit({ path, tokenizer }: TokenizerFile, vocab: number): Refusal | undefined {
  if (tokenizer.vocab <= vocab) return undefined;
  const expected = `at most ${vocab} tokens, the vocabulary of the model`;
  const found = `${tokenizer.vocab} tokens`;
  return new Refusal([error('N621', 'the tokenizer does not fit', { file: path, expected, found })]);
}

/** The tokenizer as the two files that most programs read. */
export function hubFiles({ path, bytes, isJson, config, tokenizer }: TokenizerFile): {
  readonly json: Uint8Array;
  readonly config: Uint8Array;
} {
  const text = new TextEncoder();
  const ends = endsOf(tokenizer);
  if (isJson) return { json: bytes, config: config ?? text.encode(tokenizerConfig(ends)) };
  const files = tokenizerFiles(encodingOf(bytes, path), ends);
  return { json: text.encode(files.tokenizer), config: text.encode(files.config) };
}

/** The files written beside `model.onnx` for a tokenizer: in the form that other programs read, and a pickle unchanged as well. */
export function tokenizerCopies(
  model: string,
  file: TokenizerFile,
): readonly { readonly name: string; readonly bytes: Uint8Array }[] {
  const name = (own: string): string => `${stem(model)}.${own}`;
  const { json, config } = hubFiles(file);
  return [
    ...(file.path.endsWith('.pkl') ? [{ name: name('tokenizer.pkl'), bytes: file.bytes }] : []),
    { name: name('tokenizer.json'), bytes: json },
    ...(file.isJson && !file.config ? [] : [{ name: name(configName), bytes: config }]),
  ];
}

function endsOf({ special, bos, around, stops }: Tokenizer): Ends {
  const named = (id: number | undefined) => [...special].find(([, other]) => other === id)?.[0];
  const [begin, end] = [named(bos), named(stops[0])];
  return {
    ...(begin === undefined ? {} : { bos: begin }),
    begins: bos !== undefined && around.before.includes(bos),
    ...(end === undefined ? {} : { eos: end }),
    ...(conversationTokens.every((name) => special.has(name)) ? { chatTemplate } : {}),
  };
}
