/** The bytes that a step has to read: the weights that it multiplies by, and the caches of its rows. */

import type { Compiled } from '../../compiler/compile.ts';
import { bytesPerElement } from '../../spec/type.ts';
import type { ModelFile } from '../model_kinds.ts';
import { flopsPerToken, portBytes } from '../spec_figures.ts';
import { recompileModel } from '../verify/recompile_model.ts';

export interface Traffic {
  /** Bytes of weights as they are stored, of the experts of one token where there are experts. */
  readonly weights: number;
  /** Bytes of the cache of one row with so many tokens. */
  cache(tokens: number): number;
}

/** Undefined where the spec in the model does not compile any more, as without its plugin. */
export function trafficOf(model: ModelFile): Traffic | undefined {
  let compiled: Compiled;
  try {
    compiled = recompileModel(model).compiled;
  } catch {
    return undefined; // it still runs
  }
  const { storage } = model.manifest;
  // Two operations for each weight.
  const weights = (flopsPerToken(compiled.reference, 1).weights / 2) * bytesPerElement[storage];
  const { perToken, fixed } = portBytes(compiled.program);
  return { weights, cache: (tokens) => perToken * tokens + fixed };
}
