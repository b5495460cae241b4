/** A checkpoint whose bytes will be streamed. */

import type { Checkpoint } from '../compiler/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../compiler/checkpoint/open_checkpoint.ts';
import { startReadAhead } from '../compiler/weights/read_ahead_node.ts';
import { product } from '../spec/tensor.ts';

/** From here on a second thread that reads ahead pays; it gets ready while passes run. */
const isLarge = ({ tensors }: Checkpoint): boolean =>
  [...tensors.values()].reduce((sum, { shape }) => sum + product(shape), 0) > 2 ** 24;

export function openWeights(...named: Parameters<typeof openCheckpoint>): Checkpoint {
  const checkpoint = openCheckpoint(...named);
  if (isLarge(checkpoint)) startReadAhead();
  return checkpoint;
}
