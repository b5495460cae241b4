/** Writes checkpoints as torch and safetensors do, and large ones without holding them. */

import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { contiguousStrides } from '../../../compiler/checkpoint/place_tensor.ts';
import { product } from '../../../spec/tensor.ts';
import * as pickle from './pickle_bytes.ts';
import { type Part, zipBytes } from './zip_bytes.ts';

export interface TorchTensor {
  readonly type?: string;
  readonly shape: readonly number[];
  readonly strides?: readonly number[];
  readonly start?: number;
  readonly data: ArrayBufferView;
}

const raw = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const itemSize = (type: string | undefined): number =>
  ({ DoubleStorage: 8, LongStorage: 8, HalfStorage: 2, BFloat16Storage: 2, BoolStorage: 1, ByteStorage: 1 })[
    type ?? ''
  ] ?? 4;

export function torchBytes(
  tensors: Readonly<Record<string, TorchTensor>>,
  extra: readonly Part[] = [],
): Buffer {
  const entries = Object.entries(tensors).map(([name, { data, ...t }], i) => {
    const elements = data.byteLength / itemSize(t.type);
    const spec = { ...t, key: String(i), elements, strides: t.strides ?? contiguousStrides(t.shape) };
    return [pickle.text(name), pickle.tensor(spec)] as const;
  });
  const storages = Object.values(tensors).map(({ data }, i) => ({ name: `m/data/${i}`, data: raw(data) }));
  return torchZip(pickle.stateDict(...entries), [...storages, ...extra]);
}

/** An archive around a pickle that was written by hand. */
export const torchZip = (data: Uint8Array, storages: readonly Part[] = []): Buffer =>
  zipBytes([{ name: 'm/data.pkl', data }, ...storages]);

export function safetensorsBytes(header: unknown, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/** A checkpoint of zeros that takes no room on the disk: holes for storages, with their true checksums. */
export function writeSparseTorch(path: string, shapes: Readonly<Record<string, readonly number[]>>): void {
  const names = Object.keys(shapes);
  const entries = names.map((name, i) => {
    const shape = shapes[name]!;
    const spec = { key: String(i), elements: product(shape), shape, strides: contiguousStrides(shape) };
    return [pickle.text(name), pickle.tensor(spec)] as const;
  });
  const data = pickle.stateDict(...entries);
  const fd = openSync(path, 'w');
  try {
    const records: Buffer[] = [];
    let at = 0;
    const add = (name: string, size: number, crc: number, content?: Uint8Array): void => {
      // Headers of a real archive around empty data, with the sizes put in afterwards.
      const empty = zipBytes([
        { name, data: new Uint8Array(0), lie: { crc, size, packed: size, header: at } },
      ]);
      const header = 30 + Buffer.byteLength(name);
      writeSync(fd, empty, 0, header, at);
      if (content) writeSync(fd, content, 0, content.length, at + header);
      records.push(empty.subarray(header, empty.length - 22));
      at += header + size;
    };
    add('m/data.pkl', data.length, crc32(data), data);
    for (const [i, name] of names.entries()) {
      const size = 4 * product(shapes[name]!);
      add(`m/data/${i}`, size, zeros(size));
    }
    const directory = Buffer.concat(records);
    const lie = { count: records.length, bytes: directory.length, start: at };
    ftruncateSync(fd, at);
    writeSync(fd, Buffer.concat([directory, zipBytes([], lie)]), 0, directory.length + 22, at);
  } finally {
    closeSync(fd);
  }
}

function zeros(size: number): number {
  const block = Buffer.alloc(2 ** 20);
  let sum = 0;
  for (let left = size; left > 0; left -= block.length)
    sum = crc32(block.subarray(0, Math.min(left, block.length)), sum);
  return sum;
}
