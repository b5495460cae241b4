/** Tensors as the bytes that LibTorch has in memory, and back. */

import { product, type Tensor } from '../../spec/tensor.ts';
import type { GraphDType } from '../../spec/type.ts';
import { fromHalf, toHalf } from './half.ts';

/** Bytes of an element in memory. */
const sizes: Readonly<Record<GraphDType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  bool: 1,
};

export const isDType = (name: string): name is GraphDType => Object.hasOwn(sizes, name);

export const byteLength = (dtype: GraphDType, shape: readonly number[]): number =>
  sizes[dtype] * product(shape);

const bytesOf = ({ buffer, byteOffset, byteLength: length }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, length);

/** The bytes of a tensor, as a view where JavaScript and LibTorch store it alike, or else as a copy. */
export function toBytes({ dtype, data }: Tensor): Uint8Array {
  switch (dtype) {
    case 'float32':
    case 'bool':
      return bytesOf(data);
    case 'int64':
      return bytesOf(BigInt64Array.from(data as Float64Array, BigInt)); // by the contract of Tensor
    case 'float16':
      return bytesOf(Uint16Array.from(data as Float32Array, toHalf)); // by the contract of Tensor
    case 'bfloat16':
      return bytesOf(Uint16Array.from(data as Float32Array, topHalf)); // by the contract of Tensor
  }
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** A tensor of bfloat16 holds numbers that are already rounded. */
const topHalf = (value: number): number => {
  float[0] = value;
  return bits[0]! >>> 16;
};

/** `bytes` are aligned for the elements. */
export function fromBytes(dtype: GraphDType, shape: readonly number[], bytes: Uint8Array): Tensor {
  const { buffer, byteOffset } = bytes;
  const n = product(shape);
  const halves = () => new Uint16Array(buffer, byteOffset, n);
  switch (dtype) {
    case 'float32':
      return { dtype, shape, data: new Float32Array(buffer, byteOffset, n) };
    case 'bool':
      return { dtype, shape, data: new Uint8Array(buffer, byteOffset, n) };
    case 'int64':
      return { dtype, shape, data: Float64Array.from(new BigInt64Array(buffer, byteOffset, n), Number) };
    case 'float16':
      return { dtype, shape, data: Float32Array.from(halves(), fromHalf) };
    case 'bfloat16': {
      const wide = new Uint32Array(n);
      halves().forEach((half, i) => {
        wide[i] = half * 2 ** 16;
      });
      return { dtype, shape, data: new Float32Array(wide.buffer) };
    }
  }
}
