/** A hash of what a model computes: its operators, its boundary, and the weights' names, types and shapes without their numbers. */

import { sha256 } from '../../compiler/bytes/sha256.ts';

export interface HashedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** `fields` are the bytes of all fields of the graph but its weights, as they stand in the file. */
export function graphHashOf(fields: Iterable<Uint8Array>, weights: readonly HashedTensor[]): string {
  const hash = sha256();
  for (const bytes of fields) hash.update(bytes);
  for (const { name, dtype, shape } of weights) hash.update(`${name} ${dtype} [${shape.join(', ')}]\n`);
  return hash.hex();
}
