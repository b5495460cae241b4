/** The elements of a lazy tensor in row-major order, read in chunks; checksums are held against the archive's on the way. */

import { product } from '../../spec/tensor.ts';
import { crc32 } from '../bytes/crc32.ts';
import { fileName } from '../bytes/paths.ts';
import { type LazyTensor, type Storage, storedDtypes } from '../checkpoint/checkpoint.ts';
import type { OpenFile } from '../checkpoint/open_file.ts';
import { refuse } from '../checkpoint/refuse.ts';
import { gather } from './gather.ts';
import { type Axis, mergedAxes } from './merged_axes.ts';
import { readAhead } from './read_ahead.ts';
import { borrow, chunkBytes, giveBack } from './scratch.ts';

/** Storages whose checksum has been compared already, so that none is read twice for it. */
export type VerifiedStorages = Set<string>;

/**
 * Little-endian bytes in the tensor's own dtype; a chunk holds whole elements and is overwritten by the next one.
 * Throws a Refusal: N604 for a wrong checksum, N623 when the file changes meanwhile. A checksum is compared at the end
 * of the stream at the latest, so what was made of earlier chunks must not be kept until then.
 */
export function* rawBytes(tensor: LazyTensor, checked: VerifiedStorages = new Set()): Generator<Uint8Array> {
  if (tensor.shape.includes(0)) return;
  const { storage, dtype } = tensor;
  const item = storedDtypes[dtype];
  const file = storage.open();
  try {
    if (storage.stamp) file.checkStamp(storage.stamp);
    const axes = mergedAxes(tensor);
    const [axis] = axes;
    const chunks =
      axes.length === 0 || (axes.length === 1 && axis?.stride === 1)
        ? readRun(file, tensor, tensor.start * item, product(tensor.shape) * item, checked)
        : gatherChecked(file, tensor, axes, checked);
    for (const chunk of chunks) {
      if (storage.bigEndian) swap(chunk, item);
      yield chunk;
    }
    if (storage.stamp) file.checkStamp(storage.stamp);
  } finally {
    file.close();
  }
}

/** Bytes from..from + length of a storage; all of it is read when its checksum is still to be compared. */
function* readRun(
  file: OpenFile,
  { storage, dtype }: LazyTensor,
  from: number,
  length: number,
  checked: VerifiedStorages,
): Generator<Uint8Array> {
  const sum = runningChecksum(storage, checked);
  const end = sum ? storage.bytes : from + length;
  let at = sum ? 0 : from;
  if (at === from && end === from + length) {
    const known = storage.bigEndian ? undefined : dtype;
    const request = { file, offset: storage.offset + from, length, sum: sum !== undefined, dtype: known };
    for (const slot of readAhead(request)) {
      at += slot.bytes.length;
      sum?.continueFrom(slot.sum);
      if (at === end) sum?.compare();
      yield slot.bytes;
    }
    if (at === end) return;
  }
  const buffer = borrow(Math.min(chunkBytes, end));
  try {
    while (at < end) {
      const limit = at < from ? from : at < from + length ? from + length : end;
      const chunk = buffer.subarray(0, Math.min(chunkBytes, limit - at));
      file.readInto(storage.offset + at, chunk);
      sum?.add(chunk);
      const wanted = at >= from && at < from + length;
      at += chunk.length;
      if (at === end) sum?.compare();
      if (wanted) yield chunk;
    }
  } finally {
    giveBack(buffer);
  }
}

function* gatherChecked(
  file: OpenFile,
  tensor: LazyTensor,
  axes: readonly Axis[],
  checked: VerifiedStorages,
): Generator<Uint8Array> {
  const { storage } = tensor;
  if (runningChecksum(storage, checked))
    for (const _ of readRun(file, tensor, 0, storage.bytes, checked)) void _;
  yield* gather(file, tensor, axes);
}

interface RunningChecksum {
  add(bytes: Uint8Array): void;
  /** Takes over a checksum that the thread that reads ahead has computed up to here. */
  continueFrom(sum: number): void;
  /** Throws N604 when the storage is not what was written. */
  compare(): void;
}

function runningChecksum(storage: Storage, checked: VerifiedStorages): RunningChecksum | undefined {
  const { crc, file, offset, bytes, label } = storage;
  const key = `${file}:${offset}:${bytes}`;
  if (crc === undefined || checked.has(key)) return undefined;
  let sum = 0;
  return {
    add(chunk) {
      sum = crc32(chunk, sum);
    },
    continueFrom(made) {
      sum = made;
    },
    compare() {
      if (sum !== crc) {
        refuse('N604', `${fileName(file)}: crc of ${label} differs from the one the zip records`, {
          file,
          expected: crc.toString(16).padStart(8, '0'),
          found: sum.toString(16).padStart(8, '0'),
          hint: 'the file is damaged; copy or download it again',
        });
      }
      checked.add(key);
    },
  };
}

/** The bytes of each element the other way round. */
function swap(chunk: Uint8Array, item: number): void {
  for (let start = 0; start + item <= chunk.length; start += item) {
    for (let low = start, high = start + item - 1; low < high; low++, high--) {
      const kept = chunk[low]!;
      chunk[low] = chunk[high]!;
      chunk[high] = kept;
    }
  }
}
