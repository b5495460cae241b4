/** The elements of a view of a parameter, in the dtype that the parameter is stored in. */

import { product } from '../../spec/tensor.ts';
import { concatenated } from '../bytes/little_endian.ts';
import type { LazyTensor } from '../checkpoint/checkpoint.ts';
import { contiguousStrides } from '../checkpoint/place_tensor.ts';
import { mergedAxes } from './merged_axes.ts';
import { borrow, chunkBytes, giveBack } from './scratch.ts';
import { rawBytes, type VerifiedStorages } from './stream.ts';
import type { View } from './view.ts';

/** Little-endian bytes, in chunks that are overwritten by the next one. */
export function* viewBytes(tensor: LazyTensor, view: View, checked: VerifiedStorages): Generator<Uint8Array> {
  const placed = place(tensor, view);
  if (placed) yield* rawBytes(placed, checked);
  else yield* pickedChunks(tensor, view, checked);
}

/** The view as a strided view of the tensor's own storage; undefined when the two sets of strides do not go together. */
export function place(tensor: LazyTensor, { shape, strides, start, whole }: View): LazyTensor | undefined {
  if (mergedAxes(tensor).every(isRowMajor)) return { ...tensor, shape, strides, start: tensor.start + start };
  // Each axis of the view must walk along one axis of the parameter, and all that walk along it must stay on it.
  const own = contiguousStrides(whole);
  const first = indexOf(start, whole);
  const reach = [...first];
  const moved = shape.map((size, i) => {
    const stride = strides[i]!;
    if (size <= 1 || stride === 0) return 0;
    const axis = own.findIndex((s, k) => whole[k]! > 1 && stride >= s && stride % s === 0);
    if (axis < 0) return undefined;
    const step = stride / own[axis]!;
    reach[axis] = reach[axis]! + (size - 1) * step;
    return step * tensor.strides[axis]!;
  });
  if (moved.includes(undefined) || reach.some((n, k) => n >= whole[k]!)) return undefined;
  return {
    ...tensor,
    shape,
    strides: moved.map((s) => s ?? 0),
    start: first.reduce((sum, n, k) => sum + n * tensor.strides[k]!, tensor.start),
  };
}

/** True when the only axis left has stride 1, so that the tensor is contiguous. */
const isRowMajor = ({ stride }: { readonly stride: number }, i: number): boolean => i === 0 && stride === 1;

/** The index of an element along each axis. */
function indexOf(element: number, shape: readonly number[]): number[] {
  let rest = element;
  return contiguousStrides(shape).map((stride) => {
    const n = Math.floor(rest / stride);
    rest -= n * stride;
    return n;
  });
}

/** For the rare case of a transposed tensor that the spec folds across its axes: the tensor is held, and elements are picked. */
function* pickedChunks(tensor: LazyTensor, view: View, checked: VerifiedStorages): Generator<Uint8Array> {
  const parts = Array.from(rawBytes(tensor, checked), (chunk) => chunk.slice());
  const bytes = concatenated(parts);
  const item = bytes.length / product(tensor.shape);
  const room = borrow(chunkBytes);
  try {
    let at = 0;
    for (const element of elements(view.shape, view.strides, view.start)) {
      room.set(bytes.subarray(element * item, (element + 1) * item), at);
      at += item;
      if (at < chunkBytes) continue;
      yield room;
      at = 0;
    }
    if (at > 0) yield room.subarray(0, at);
  } finally {
    giveBack(room);
  }
}

/** Offsets of a strided view's elements in row-major order. */
export function* elements(
  shape: readonly number[],
  strides: readonly number[],
  start: number,
): Generator<number> {
  const total = product(shape);
  const index = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let n = 0; n < total; n++) {
    yield at;
    for (let i = shape.length - 1; i >= 0; i--) {
      at += strides[i]!;
      if (++index[i]! < shape[i]!) break;
      at -= index[i]! * strides[i]!;
      index[i] = 0;
    }
  }
}
