/** What a layout is: the files that a client expects around a model, and what it requires of the model itself. */

import type { Graph } from '../../compiler/graph/ir.ts';
import type { CacheForm, Manifest } from '../../compiler/ports/manifest.ts';
import type { GraphDType } from '../../spec/type.ts';
import type { ArtifactFile, ClientFacts } from '../backend.ts';

/** A tokenizer as the files that clients read, and what they ask it. */
export interface LayoutTokenizer {
  /** `tokenizer.json` and `tokenizer_config.json`. */
  readonly json: Uint8Array;
  readonly config: Uint8Array;
  readonly bos?: number;
  /** Ids of tokens that end a text, the usual one first. */
  readonly stops: readonly number[];
}

export interface LayoutInput {
  readonly manifest: Manifest;
  /** The graph with its ports placed. */
  readonly graph: Graph;
  /** What the backend wrote, data first, the model last; they go into `modelFolder` under these names. */
  readonly files: readonly ArtifactFile[];
  readonly tokenizer?: LayoutTokenizer;
  /** Name of the folder, which is what a client calls the model. */
  readonly name: string;
  readonly target: string;
  /** What the target says of this layout. */
  readonly client: ClientFacts;
  /** Text of a file of the folder that is there already; a layout may keep part of it. */
  readonly existing: (name: string) => string | undefined;
}

export interface Layout {
  readonly name: string;
  /** Other words for it, which are answered with its name. */
  readonly otherNames?: readonly string[];
  readonly doc: string;
  readonly caches: readonly CacheForm[];
  /** States of fixed length go by the names of further layers. */
  readonly statesAsLayers: boolean;
  /** A model without a cache takes a mask and positions all the same, where its target can do it. */
  readonly padsUncached: boolean;
  /** MB of the largest data file that its client can load. */
  readonly dataLimit?: number;
  /** Where the model lies in the folder that `-o` names: `onnx`, or `''` for the folder itself; a folder `*` is named after the model. */
  readonly modelFolder: string;
  /** A file that tells the folder that `-o` names from others, seen from there, with the same `*`. */
  readonly sign: string;
  /** Targets whose files its client opens, besides those that name it among their own `layouts`. */
  readonly targets?: Readonly<Record<string, ClientFacts>>;
  /** Whether its client cannot do without a tokenizer. */
  readonly wantsTokenizer: boolean;
  /** What its client appends to the model's name, by the dtype of the weights; nothing for a dtype that is not listed. */
  readonly suffixes: Readonly<Partial<Record<GraphDType, string>>>;
  /** The files around those of the model; refuses (N511) a model that its client cannot carry. */
  around(input: LayoutInput): readonly ArtifactFile[];
}

/** The tokenizer as the two files that most programs read; none without one. */
export const tokenizerFiles = (tokenizer: LayoutTokenizer | undefined): readonly ArtifactFile[] =>
  tokenizer
    ? [bytesFile('tokenizer.json', tokenizer.json), bytesFile('tokenizer_config.json', tokenizer.config)]
    : [];

export function textFile(name: string, text: string): ArtifactFile {
  const bytes = new TextEncoder().encode(text);
  return bytesFile(name, bytes);
}

const bytesFile = (name: string, bytes: Uint8Array): ArtifactFile => ({
  name,
  size: bytes.length,
  chunks: () => [bytes],
});

export const jsonFile = (name: string, value: unknown): ArtifactFile =>
  textFile(name, `${JSON.stringify(value, null, 2)}\n`);
