/** Where the bytes of a parameter lie in a checkpoint just as a target wants them, so that they need not be written again. */

import type { GraphDType } from '../../spec/type.ts';
import { type LazyTensor, type Storage, storedDtypes } from '../checkpoint/checkpoint.ts';
import { mergedAxes } from './merged_axes.ts';
import type { View } from './view.ts';
import { place } from './view_stream.ts';

export interface StoredBytes {
  readonly storage: Storage;
  /** Of the first byte in the file. */
  readonly offset: number;
}

/** `target` are the dtypes that the numbers go through, the last that of the model. Says why where they lie nowhere so. */
export function storedBytes(
  tensor: LazyTensor,
  view: View,
  target: readonly GraphDType[],
): StoredBytes | string {
  const { storage, dtype } = tensor;
  const other = target.find((wanted) => wanted !== dtype);
  if (view.apply.length > 0) return 'changed by arithmetic';
  if (other !== undefined) return `converted from ${dtype} to ${other}`;
  if (storage.bigEndian) return 'stored with the highest byte first';
  const placed = place(tensor, view);
  if (!placed || !mergedAxes(placed).every(({ stride }, i) => i === 0 && stride === 1))
    return 'transposed or cut out';
  return { storage, offset: storage.offset + placed.start * storedDtypes[dtype] };
}
