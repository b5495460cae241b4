/**
 * A checkpoint of every float dtype, made of a fixture's: none of the fixtures is stored in halves. Some of its halves are below
 * 2 ** -14, where they have fewer bits; their factor comes back in the matrix before, so that the model is the same.
 */

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredDType } from '../../compiler/checkpoint/checkpoint.ts';
import { readers } from '../../compiler/weights/plain_values.ts';
import { readTensors } from '../../runtime/verify/golden.ts';
import { roundTo } from '../../spec/round.ts';
import { safetensorsBytes } from '../../test/compiler/checkpoint/torch_bytes.ts';

const file = 'model.safetensors';
const short = { float64: 'F64', float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const;
type Float = keyof typeof short;

/** The first that fits a name. */
const rules: readonly (readonly [name: RegExp, dtype: Float, factor: number])[] = [
  [/up_proj/, 'float16', 2 ** 12],
  [/down_proj/, 'float16', 2 ** -12],
  [/gate_proj|v_proj/, 'bfloat16', 1],
  [/q_proj|norm/, 'float64', 1],
  [/k_proj/, 'float32', 1],
  [/./, 'float16', 1],
];

/** Two bytes for each number that has such, by what reads them. */
function bitsOf(dtype: StoredDType): ReadonlyMap<number, number> {
  const bytes = new DataView(new ArrayBuffer(2));
  const bits = new Map<number, number>();
  for (let i = 0; i < 2 ** 16; i++) {
    bytes.setUint16(0, i, true);
    bits.set(readers[dtype].read(bytes, 0), i);
  }
  return bits;
}

const narrow = { float16: bitsOf('float16'), bfloat16: bitsOf('bfloat16') };

function bytesOf(values: ArrayLike<number>, dtype: Float): Uint8Array {
  if (dtype === 'float64') return new Uint8Array(Float64Array.from(values).buffer);
  if (dtype === 'float32') return new Uint8Array(Float32Array.from(values).buffer);
  const bits = Uint16Array.from(values, (x) => narrow[dtype].get(roundTo(dtype, x))!); // all that it has
  return new Uint8Array(bits.buffer);
}

/** Writes it into `folder`, which is there. */
export function narrowCheckpoint(fixture: string, folder: string): void {
  const header: Record<string, object> = {};
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, { shape, data }] of readTensors(readFileSync(join(fixture, file)), file)) {
    const [, dtype, factor] = rules.find(([of]) => of.test(name))!; // the last fits all
    const bytes = bytesOf(
      data.map((x) => factor * x),
      dtype,
    );
    header[name] = { dtype: short[dtype], shape, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  }
  cpSync(join(fixture, 'config.json'), join(folder, 'config.json'));
  writeFileSync(join(folder, file), safetensorsBytes(header, Buffer.concat(parts)));
}
