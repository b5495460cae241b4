/** The part of pickle, protocol 2, that LibTorch's own reader knows: modules, their attributes, and tensors by reference. */

import { concatenated, numbers, utf8 } from '../../compiler/bytes/little_endian.ts';
import { Bug } from '../../spec/diagnostic.ts';
import { product } from '../../spec/tensor.ts';
import type { GraphDType } from '../../spec/type.ts';

/** A tensor in a record of its own: `key` names the record under `data/`, `bytes` is its length. */
export interface PickledTensor {
  readonly what: 'tensor';
  readonly dtype: GraphDType;
  readonly shape: readonly number[];
  readonly key: string;
  readonly bytes: number;
  /** The record holds one number, which stands for all elements. */
  readonly hollow?: boolean;
}

/** Bytes of the record of a tensor. */
export const recordBytes = ({ dtype, bytes, hollow = false }: PickledTensor): number =>
  hollow ? Math.min(bytes, storages[dtype][1]) : bytes;

/** An instance of a class of the archive's code; every attribute that the class declares must be there. */
export interface PickledObject {
  readonly what: 'object';
  /** `__torch__.nanoc` and `Mlp`. */
  readonly module: string;
  readonly name: string;
  readonly attributes: ReadonlyMap<string, Pickled>;
}

export type Pickled = boolean | null | PickledTensor | PickledObject;

const storages: Readonly<Record<GraphDType, readonly [name: string, bytes: number]>> = {
  float32: ['FloatStorage', 4],
  float16: ['HalfStorage', 2],
  bfloat16: ['BFloat16Storage', 2],
  int64: ['LongStorage', 8],
  bool: ['BoolStorage', 1],
};

/** A tensor or object that comes again is written as a reference to the first, so that tied weights stay one parameter. */
export function pickle(root: Pickled): Uint8Array {
  const writer = newWriter();
  writer.raw(0x80, 2);
  write(writer, root);
  writer.text('.');
  return writer.bytes();
}

interface Writer {
  raw(...bytes: readonly number[]): void;
  text(ascii: string): void;
  /** Writes 32 bits, little-endian. */
  word(value: number): void;
  bytes(): Uint8Array;
  /** Memo numbers of values that have been written and may come again. */
  readonly known: Map<Pickled, number>;
}

function newWriter(): Writer {
  const parts: Uint8Array[] = [];
  return {
    known: new Map(),
    raw: (...bytes) => void parts.push(Uint8Array.from(bytes)),
    text: (ascii) => void parts.push(utf8(ascii)),
    word: (value) => void parts.push(numbers(4, value)),
    bytes: () => concatenated(parts),
  };
}

function write(w: Writer, value: Pickled): void {
  if (value === null) w.text('N');
  else if (typeof value === 'boolean') w.raw(value ? 0x88 : 0x89);
  else if (w.known.has(value)) reference(w, 'h', 'j', w.known.get(value)!);
  else {
    if (value.what === 'tensor') tensor(w, value);
    else object(w, value);
    const id = w.known.size;
    w.known.set(value, id);
    reference(w, 'q', 'r', id);
  }
}

function reference(w: Writer, short: string, long: string, id: number): void {
  w.text(id < 256 ? short : long);
  if (id < 256) w.raw(id);
  else w.word(id);
}

function global(w: Writer, module: string, name: string): void {
  w.text(`c${module}\n${name}\n`);
}

function text(w: Writer, value: string): void {
  const bytes = utf8(value);
  w.text('X');
  w.word(bytes.length);
  w.raw(...bytes);
}

function object(w: Writer, { module, name, attributes }: PickledObject): void {
  global(w, module, name);
  w.text(')');
  w.raw(0x81);
  w.text('}(');
  for (const [key, value] of attributes) {
    text(w, key);
    write(w, value);
  }
  w.text('ub');
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)`; readers before 2026 check none of the numbers. */
function tensor(w: Writer, pickled: PickledTensor): void {
  const { dtype, shape, key, bytes, hollow = false } = pickled;
  const [storage, item] = storages[dtype];
  const strides = hollow ? shape.map(() => 0) : contiguous(shape);
  const count = product(shape);
  const last = shape.reduce((sum, n, i) => sum + (n - 1) * strides[i]!, 0);
  if (count * item !== bytes || (count > 0 && last >= count)) {
    throw new Bug(`a tensor of ${dtype} [${shape.join(', ')}] does not fit its record of ${bytes} bytes`);
  }
  global(w, 'torch._utils', '_rebuild_tensor_v2');
  w.text('((');
  text(w, 'storage');
  global(w, 'torch', storage);
  text(w, key);
  text(w, 'cpu');
  integer(w, recordBytes(pickled) / item);
  w.text('tQ');
  integer(w, 0);
  for (const sizes of [shape, strides]) {
    w.text('(');
    for (const n of sizes) integer(w, n);
    w.text('t');
  }
  w.raw(0x89);
  global(w, 'collections', 'OrderedDict');
  w.text(')RtR');
}

function contiguous(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= Math.max(1, shape[i]!);
  }
  return strides;
}

/** Writes an integer that is not negative. LibTorch reads more than 31 bits only as eight bytes. */
function integer(w: Writer, value: number): void {
  if (value < 256) {
    w.text('K');
    w.raw(value);
  } else if (value < 2 ** 31) {
    w.text('J');
    w.word(value);
  } else {
    w.raw(0x8a, 8, ...numbers(8, value));
  }
}
