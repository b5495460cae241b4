/** What a model computes, as a hash: its operators and its boundary, and of the weights all but their numbers. */

import { sha256 } from '../../compiler/bytes/sha256.ts';

export interface HashedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** `fields` are those of the graph that are no weights, as they stand in the file. */
export function graphHashOf(fields: Iterable<Uint8Array>, weights: readonly HashedTensor[]): string {
  const hash = sha256();
  for (const bytes of fields) hash.update(bytes);
  for (const { name, dtype, shape } of weights) hash.update(`${name} ${dtype} [${shape.join(', ')}]\n`);
  return hash.hex();
}
