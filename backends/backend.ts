/** What a target is: a name, the passes it wants, and how a legal graph becomes files. */

import type { Graph } from '../compiler/graph/ir.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import type { WeightSource } from '../compiler/weights/source.ts';
import type { Diagnostic } from '../spec/diagnostic.ts';
import type { Program } from '../spec/program.ts';

export type OptionValue = string | number;

/** An option of a target: what is typed for it, and what it may be. */
export interface TargetOption {
  /** As help has it after the name: `<n>`. */
  readonly value: string;
  readonly doc: string;
  /** One of these words; */
  readonly choices?: readonly string[];
  /** or a whole number from the first to the last of these. */
  readonly range?: { readonly least: number; readonly most: number };
  /** What it is when left out; without one, the target or the layout says. */
  readonly default?: OptionValue;
}

export interface EmitOptions {
  /** Base name of the model file, for the name of the data file beside it. */
  readonly fileName: string;
  /** What the target declares, by name. */
  readonly [option: string]: OptionValue | undefined;
}

/** Of targets that can keep the manifest beside the model, too. */
export const metadata = {
  value: '<kind>',
  doc: 'the spec and the manifest in the model, or their hash; hash in a layout, full elsewhere',
  choices: ['full', 'hash'],
} as const satisfies TargetOption;

export type Metadata = (typeof metadata.choices)[number];

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

/** Files in the order they are renamed into place: data first, the model last. */
export interface Artifact {
  readonly files: readonly ArtifactFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** sha256 of what the model is besides its numbers, where its manifest goes beside it. */
  readonly graphHash?: string;
}

export interface Backend {
  readonly name: string;
  readonly doc: string;
  readonly extension: string;
  /** Parameters are kept as the checkpoint has them, and views of them are part of the code. */
  readonly wholeWeights?: boolean;
  /** A model without a cache takes a mask and positions all the same. */
  readonly padsUncached?: boolean;
  /** dtype of the arithmetic; float32 when left out. */
  readonly computesIn?: 'float32' | 'storage';
  /** What `emit`, `needs` and `passes` read, by name: `minLibtorch` is `--min-libtorch` on a command line. */
  readonly options?: Readonly<Record<string, TargetOption>>;
  /** What must be there to run the files, in a few words: `opset 21`. */
  readonly needs: (options: EmitOptions) => string;
  /** Passes run after the common pipeline. */
  readonly passes: (options: EmitOptions) => readonly Pass[];
  emit(input: EmitInput): Artifact;
}

export const defineBackend = (backend: Backend): Backend => backend;
