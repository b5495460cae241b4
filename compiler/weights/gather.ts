/** Reads a strided view in row-major order, block by block: neither the tensor nor its storage is ever held. */

import { type LazyTensor, storedDtypes } from '../checkpoint/checkpoint.ts';
import type { OpenFile } from '../checkpoint/open_file.ts';
import type { Axis } from './merged_axes.ts';
import { borrow, chunkBytes, giveBack } from './scratch.ts';

/** An axis of a block: how far one step goes in the storage, and in the chunk being made. */
interface BoxAxis extends Axis {
  readonly out: number;
}

/** The file and the two buffers that every block of one tensor is read through. */
interface BlockReader {
  /** Bytes of an element. */
  readonly item: number;
  /** First byte of element 0 of the storage. */
  readonly base: number;
  readonly file: OpenFile;
  readonly raw: Uint8Array;
  readonly from: Elements;
  readonly to: Elements;
}

/** Elements as unsigned integers of their size, since copying does not depend on what the bits mean. */
type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

const views = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

const asElements = (
  { buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>,
  item: 1 | 2 | 4 | 8,
): Elements => new views[item](buffer, byteOffset, byteLength / item);

/** A range of up to this many elements is read in one piece, however few of them are wanted. */
const wholeReadElements = 4096;
/** A longer range is read in one piece when at least one of this many elements is wanted. */
const elementsReadPerWanted = 4;

/** `axes` are the merged axes of the tensor. Each chunk overwrites the one before. */
export function* gather(file: OpenFile, tensor: LazyTensor, axes: readonly Axis[]): Generator<Uint8Array> {
  const item = storedDtypes[tensor.dtype];
  const raw = borrow(elementsReadPerWanted * chunkBytes);
  const out = borrow(chunkBytes);
  const work: BlockReader = {
    item,
    base: tensor.storage.offset,
    file,
    raw,
    from: asElements(raw, item),
    to: asElements(out, item),
  };
  try {
    const { cut, inner, rows } = blockOf(axes, chunkBytes / item);
    const whole = boxOf(axes.slice(cut + 1));
    const axis = axes[cut];
    if (!axis) {
      fill(work, boxOf(axes), tensor.start, 0);
      yield out.subarray(0, inner * item);
      return;
    }
    for (const start of offsets(axes.slice(0, cut), tensor.start)) {
      for (let row = 0; row < axis.size; row += rows) {
        const size = Math.min(rows, axis.size - row);
        fill(work, [{ ...axis, size, out: inner }, ...whole], start + row * axis.stride, 0);
        yield out.subarray(0, size * inner * item);
      }
    }
  } finally {
    giveBack(raw);
    giveBack(out);
  }
}

/** Axes after `cut` fit into a chunk whole, `rows` entries of it at a time; -1 when everything fits. */
function blockOf(axes: readonly Axis[], room: number): { cut: number; inner: number; rows: number } {
  let inner = 1;
  let cut = axes.length - 1;
  while (cut >= 0 && inner * axes[cut]!.size <= room) inner *= axes[cut--]!.size;
  return { cut, inner, rows: Math.max(1, Math.floor(room / inner)) };
}

function boxOf(axes: readonly Axis[]): BoxAxis[] {
  let out = 1;
  const box: BoxAxis[] = [];
  for (const axis of axes.toReversed()) {
    box.push({ ...axis, out });
    out *= axis.size;
  }
  return box.reverse();
}

/** Element offsets of every entry of the outer axes, in order. */
function* offsets(axes: readonly Axis[], start: number): Generator<number> {
  const [axis, ...rest] = axes;
  if (!axis) yield start;
  else for (let i = 0; i < axis.size; i++) yield* offsets(rest, start + i * axis.stride);
}

/** One read where what is wanted lies close together; else the axis that reaches farthest is halved. */
function fill(work: BlockReader, box: readonly BoxAxis[], start: number, to: number): void {
  const span = 1 + box.reduce((sum, { size, stride }) => sum + (size - 1) * stride, 0);
  const wanted = box.reduce((n, { size }) => n * size, 1);
  if (span <= Math.min(work.from.length, Math.max(wholeReadElements, elementsReadPerWanted * wanted))) {
    work.file.readInto(work.base + start * work.item, work.raw.subarray(0, span * work.item));
    scatter(work, box, to);
    return;
  }
  const farthest = box.reduce((best, axis, i) => (reach(axis) > reach(box[best]!) ? i : best), 0);
  const { size, stride, out, ...axis } = box[farthest]!;
  const half = Math.ceil(size / 2);
  const part = (n: number): BoxAxis[] => box.with(farthest, { ...axis, size: n, stride, out });
  fill(work, part(half), start, to);
  fill(work, part(size - half), start + half * stride, to + half * out);
}

const reach = ({ size, stride }: Axis): number => (size > 1 ? stride : -1);

/** Copies what `fill` has read into its place in the chunk. */
function scatter({ from, to }: BlockReader, box: readonly BoxAxis[], first: number): void {
  const longest = box.reduce((best, axis, i) => (axis.size > box[best]!.size ? i : best), 0);
  const inner = box[longest] ?? { size: 1, stride: 0, out: 0 };
  const outer = box.filter((_, i) => i !== longest);
  const total = outer.reduce((n, { size }) => n * size, 1);
  const index = new Array<number>(outer.length).fill(0);
  let [source, target] = [0, first];
  for (let n = 0; n < total; n++) {
    copy(from, to, source, target, inner);
    for (let i = outer.length - 1; i >= 0; i--) {
      const { size, stride, out } = outer[i]!;
      source += stride;
      target += out;
      if (++index[i]! < size) break;
      index[i] = 0;
      source -= size * stride;
      target -= size * out;
    }
  }
}

function copy(from: Elements, to: Elements, source: number, target: number, axis: BoxAxis): void {
  const { size, stride, out } = axis;
  let [s, t] = [source, target];
  for (let i = 0; i < size; i++) {
    to[t] = from[s]!;
    s += stride;
    t += out;
  }
}
