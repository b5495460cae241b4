/** Compares two tensors of a checkpoint by streaming them, so that neither is ever whole in memory. */

import type { LazyTensor, StoredDType } from '../checkpoint/checkpoint.ts';
import { converter, isFloat } from './convert.ts';
import { rawBytes, type VerifiedStorages } from './stream.ts';

export function sameValues(a: LazyTensor, b: LazyTensor): boolean {
  if (`${a.shape}` !== `${b.shape}`) return false;
  const same = (['file', 'offset', 'bytes'] as const).every((part) => a.storage[part] === b.storage[part]);
  if (same && a.dtype === b.dtype && a.start === b.start && `${a.strides}` === `${b.strides}`) return true;
  if (a.dtype !== b.dtype && !(isFloat(a.dtype) && isFloat(b.dtype))) return false;
  const checked: VerifiedStorages = new Set();
  const widest: StoredDType = a.dtype === b.dtype ? a.dtype : 'float32';
  return sameBytes(inDtype(a, widest, checked), inDtype(b, widest, checked));
}

function* inDtype(tensor: LazyTensor, dtype: StoredDType, checked: VerifiedStorages): Generator<Uint8Array> {
  const { run } = converter(tensor.dtype, dtype === tensor.dtype ? [] : ['float32']);
  for (const chunk of rawBytes(tensor, checked)) yield run(chunk);
}

/** Chunks need not have the same lengths. Streams are closed early where they differ. */
function sameBytes(a: Generator<Uint8Array>, b: Generator<Uint8Array>): boolean {
  let [left, right] = [new Uint8Array(0), new Uint8Array(0)];
  try {
    for (;;) {
      if (left.length === 0) left = take(a);
      if (right.length === 0) right = take(b);
      const n = Math.min(left.length, right.length);
      if (n === 0) return left.length === right.length;
      for (let i = 0; i < n; i++) if (left[i] !== right[i]) return false;
      [left, right] = [left.subarray(n), right.subarray(n)];
    }
  } finally {
    a.return(undefined);
    b.return(undefined);
  }
}

function take(stream: Generator<Uint8Array>): Uint8Array<ArrayBuffer> {
  const { value } = stream.next();
  return value instanceof Uint8Array ? (value as Uint8Array<ArrayBuffer>) : new Uint8Array(0); // no chunk is shared
}
