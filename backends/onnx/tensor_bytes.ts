/** A tensor in memory as the little-endian bytes of its dtype. */

import type { Tensor } from '../../spec/tensor.ts';
import type { GraphDType } from '../../spec/type.ts';

const scratch = new DataView(new ArrayBuffer(4));

function bits(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

/** Bits of a value that bfloat16 holds exactly. */
const bfloat16 = (value: number): number => bits(value) >>> 16;

/** Bits of a value that float16 holds exactly; its subnormals are multiples of 2**-24. */
function float16(value: number): number {
  const b = bits(value);
  const sign = (b >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (size >= 65536) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  return sign | (((b >>> 13) & 0x3ffff) - ((127 - 15) << 10));
}

const encoders: Readonly<Record<GraphDType, (values: ArrayLike<number>) => ArrayBufferView>> = {
  float32: (values) => Float32Array.from(values),
  float16: (values) => Uint16Array.from(values, float16),
  bfloat16: (values) => Uint16Array.from(values, bfloat16),
  int64: (values) => BigInt64Array.from(Array.from(values, BigInt)),
  bool: (values) => Uint8Array.from(values),
};

export function tensorBytes({ dtype, data }: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = encoders[dtype](data);
  return new Uint8Array(buffer, byteOffset, byteLength);
}
