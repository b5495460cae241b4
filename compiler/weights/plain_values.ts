/**
 * Weights for the verifier, number by number: what a checkpoint's bytes say and what storing them narrower leaves, worked out from
 * the definition of each dtype. It shares no conversion with what writes models, so that a fault in either shows.
 */

import { Bug } from '../../spec/diagnostic.ts';
import { roundTo } from '../../spec/round.ts';
import { product } from '../../spec/tensor.ts';
import type { StoredDType } from '../checkpoint/checkpoint.ts';
import { isFloat } from './convert.ts';
import type { WeightSource } from './source.ts';
import { viewOf } from './view.ts';
import { viewBytes } from './view_stream.ts';
import { sourceOf, type WeightRequest } from './weight_source.ts';

/** For a graph before weights are folded: each parameter is then a whole tensor. */
export function plainValues(request: WeightRequest): Pick<WeightSource, 'values'> {
  const nodes = new Map(
    request.graph.nodes.filter((n) => n.op === 'param').map((n) => [String(n.attrs['name']), n]),
  );
  return {
    values(name) {
      const node = nodes.get(name);
      const view = node && viewOf(node);
      if (!node || !view) throw new Bug(`no parameter named ${name} in this graph`);
      const { dtype } = node.type;
      const { storage } = request;
      const kept = (x: number): number =>
        isFloat(dtype) && isFloat(storage) ? roundTo(dtype, roundTo(storage, x)) : x;
      const { tensor, value } = sourceOf(view, request);
      const all = new Float32Array(product(view.shape));
      if (!tensor) return all.map((_, i) => kept(value(i)));
      let at = 0;
      for (const chunk of viewBytes(tensor, view, new Set())) {
        const bytes = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
        const { width, read } = readers[tensor.dtype];
        for (let i = 0; i < chunk.byteLength; i += width) all[at++] = kept(read(bytes, i));
      }
      return all;
    },
  };
}

interface Reader {
  readonly width: number;
  read(bytes: DataView, at: number): number;
}

/** Reads two bytes as a sign, `e` bits of exponent and `f` bits of fraction, as IEEE 754 defines them. */
const sixteenBitReader =
  (e: number, f: number): Reader['read'] =>
  (bytes, at) => {
    const bits = bytes.getUint16(at, true);
    const sign = bits >= 0x8000 ? -1 : 1;
    const exponent = Math.floor(bits / 2 ** f) % 2 ** e;
    const fraction = (bits % 2 ** f) / 2 ** f;
    const bias = 2 ** (e - 1) - 1;
    if (exponent === 2 ** e - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return exponent === 0
      ? sign * fraction * 2 ** (1 - bias)
      : sign * (1 + fraction) * 2 ** (exponent - bias);
  };

export const readers: Readonly<Record<StoredDType, Reader>> = {
  float64: { width: 8, read: (bytes, at) => bytes.getFloat64(at, true) },
  float32: { width: 4, read: (bytes, at) => bytes.getFloat32(at, true) },
  float16: { width: 2, read: sixteenBitReader(5, 10) },
  bfloat16: { width: 2, read: sixteenBitReader(8, 7) },
  int64: { width: 8, read: (bytes, at) => Number(bytes.getBigInt64(at, true)) },
  int32: { width: 4, read: (bytes, at) => bytes.getInt32(at, true) },
  int16: { width: 2, read: (bytes, at) => bytes.getInt16(at, true) },
  int8: { width: 1, read: (bytes, at) => bytes.getInt8(at) },
  uint8: { width: 1, read: (bytes, at) => bytes.getUint8(at) },
  bool: { width: 1, read: (bytes, at) => bytes.getUint8(at) },
};
