/** What a target is: a name, the passes it wants, and how a legal graph becomes files. */

import type { Stamp } from '../compiler/checkpoint/open_file.ts';
import type { Graph } from '../compiler/graph/ir.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import type { WeightSource } from '../compiler/weights/source.ts';
import type { Diagnostic } from '../spec/diagnostic.ts';
import type { Program } from '../spec/program.ts';
import type { FileKind } from './opened_model.ts';
import type { EmitOptions, TargetOption } from './target_option.ts';

export interface EmitInput {
  readonly graph: Graph;
  readonly manifest: Manifest;
  /** Streams of every parameter and table that the graph names. */
  readonly weights: WeightSource;
  readonly options: EmitOptions;
  /** What the graph was made of, for targets that say things in the words of the spec. */
  readonly program?: Program;
  /** Keys of a checkpoint that stand for a parameter of another name. */
  readonly tied?: readonly { readonly key: string; readonly param: string }[];
}

/** A file as chunks that are made while they are written; `size` is exact and known before the first chunk. */
export interface ArtifactFile {
  readonly name: string;
  readonly size: number;
  chunks(): Iterable<Uint8Array>;
}

/** A file that is there already, and gets a second name beside the model. */
export interface ArtifactLink {
  readonly name: string;
  /** Its path. */
  readonly of: string;
  /** What it looked like when it was read. */
  readonly stamp?: Stamp;
}

/** Files in the order they are renamed into place: data first, the model last. */
export interface Artifact {
  readonly files: readonly ArtifactFile[];
  readonly links?: readonly ArtifactLink[];
  readonly diagnostics: readonly Diagnostic[];
  /** sha256 of what the model is besides its numbers, where its manifest goes beside it. */
  readonly graphHash?: string;
}

/** What the client of a layout has to be told to open files of a target. */
export interface ClientFacts {
  /** What the client calls the runtime that it opens them in, where it has several. */
  readonly runtime?: string;
  /** Its runtime tells inputs and outputs apart by their positions, and takes a cache as one list. */
  readonly byPosition?: true;
}

export interface Backend {
  readonly name: string;
  /** Other words for it, which are answered with its name. */
  readonly otherNames?: readonly string[];
  readonly doc: string;
  readonly extension: string;
  /** The layouts whose clients open its files, by name. */
  readonly layouts?: Readonly<Record<string, ClientFacts>>;
  /** Parameters are kept as the checkpoint has them, and views of them are part of the code. */
  readonly wholeWeights?: boolean;
  /** A model without a cache takes a mask and positions all the same. */
  readonly padsUncached?: boolean;
  /** Models have outputs of new rows besides those of whole caches, for hosts that pay for what they take. */
  readonly newRows?: boolean;
  /** dtype of the arithmetic; float32 when left out. */
  readonly computesIn?: 'float32' | 'storage';
  /** What `emit`, `needs` and `passes` read, by name: `minLibtorch` is `--min-libtorch` on a command line. */
  readonly options?: Readonly<Record<string, TargetOption>>;
  /** What must be there to run the files, in a few words: `opset 21`. */
  readonly needs: (options: EmitOptions) => string;
  /** How its files are opened again; without it they are written and no more. */
  readonly file?: FileKind;
  /** Passes run after the common pipeline. */
  readonly passes: (options: EmitOptions) => readonly Pass[];
  emit(input: EmitInput): Artifact;
}

export const defineBackend = (backend: Backend): Backend => backend;
