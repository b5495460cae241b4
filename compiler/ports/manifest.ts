/** What a runtime needs to know of a compiled model: it is written into the model's metadata and read back from there. */

import type { ConfigEntry } from '../../spec/program.ts';
import type { GraphDType } from '../../spec/type.ts';
import type { PortRule } from '../graph/ir.ts';

export type CacheForm = 'none' | 'dynamic' | 'static';

/** A size at the boundary: a number, or one of the symbols `batch_size`, `sequence_length`, `past_sequence_length`,
 * `total_sequence_length` that the clients of ONNX models expect. */
export type BoundarySize = number | string;

export interface BoundaryTensor {
  readonly name: string;
  readonly dtype: GraphDType;
  readonly shape: readonly BoundarySize[];
}

export interface ManifestPort {
  /** Name in the spec: `transformer.h.0.attn.k`. */
  readonly name: string;
  readonly input: string;
  readonly output: string;
  /** The output that holds the rows of the call alone; a host that keeps all rows itself takes this in place of `output`. */
  readonly newRows?: string;
  readonly rule: PortRule;
  readonly dtype: GraphDType;
  readonly shape: readonly BoundarySize[];
  readonly axis?: number;
  readonly fill: number;
}

/** The version of the format below that is written; `backends/manifest_versions.ts` says what older ones have otherwise. */
export const manifestVersion = 1;

export interface Manifest {
  /** The version that it was written in, which stays when a reader makes the fields those of the newest; 0 from before there were versions. */
  readonly version: number;
  readonly producer: string;
  readonly model: string;
  /** The spec's text with its includes, so that `verify` can be run on the model alone. */
  readonly spec: {
    readonly name: string;
    readonly text: string;
    readonly sha256: string;
    readonly includes: Readonly<Record<string, string>>;
  };
  readonly config: readonly ConfigEntry[];
  /** sha256 over names, shapes and file identity of the weights; `random:<seed>` without a checkpoint. */
  readonly weights: string;
  readonly passes: readonly string[];
  readonly cache: CacheForm;
  /** Slots of a static cache. */
  readonly slots?: number;
  /** Tokens that rotary or learned positions cover; undefined when nothing bounds them. */
  readonly context?: number;
  readonly logits: 'all' | 'last';
  readonly vocab: number;
  readonly storage: GraphDType;
  readonly compute: GraphDType;
  readonly inputs: readonly BoundaryTensor[];
  readonly outputs: readonly BoundaryTensor[];
  readonly ports: readonly ManifestPort[];
}

/** The number of logits of one token. */
export const logitsIn = ({ outputs, vocab }: Pick<Manifest, 'outputs' | 'vocab'>): number => {
  const width = outputs.find(({ name }) => name === 'logits')?.shape.at(-1);
  return typeof width === 'number' ? width : vocab;
};
