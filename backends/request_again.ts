/** The request that compiles the spec in a model's manifest again, so that the file can be compared with the result. */

import type { CompileRequest } from '../compiler/compile.ts';
import { specOf } from '../compiler/identity.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import type { Backend } from './backend.ts';
import type { EmitOptions } from './target_option.ts';

export interface WrittenModel {
  readonly manifest: Manifest;
  readonly backend: Backend;
  /** The options that it was written with, as far as the file shows them. */
  readonly emit: EmitOptions;
  /** Passes of plugins, which ran before those of the backend. */
  readonly plugins?: readonly Pass[];
}

/** The request has no weights; the caller adds them. */
export function requestAgain({ manifest, backend, emit, plugins = [] }: WrittenModel): CompileRequest {
  const { source, include } = specOf(manifest);
  const { cache, slots, logits, storage, compute, context } = manifest;
  return {
    source,
    include,
    set: new Map(manifest.config.map(({ name, value }) => [name, value])),
    ...(context === undefined ? {} : { maxSeqLen: context }),
    cache,
    ...(slots === undefined ? {} : { slots }),
    logits,
    storage,
    compute,
    wholeWeights: backend.wholeWeights ?? false,
    padded: manifest.inputs.some(({ name }) => name === 'attention_mask'),
    newRows: manifest.ports.some(({ newRows }) => newRows !== undefined),
    statesAsLayers: manifest.passes.includes('state_as_layer'),
    backendPasses: [...plugins, ...backend.passes(emit)],
  };
}
