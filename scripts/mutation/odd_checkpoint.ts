/**
 * Checkpoints unlike the fixtures they are made of, for the same models: matrices lie in the file column by column, and factors
 * of one matrix come back in the next.
 */

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readers } from '../../compiler/weights/plain_values.ts';
import { readTensors } from '../../runtime/verify/golden.ts';
import { roundTo } from '../../spec/round.ts';
import type { Tensor } from '../../spec/tensor.ts';
import { type TorchTensor, torchBytes } from '../../test/compiler/checkpoint/torch_bytes.ts';

type Rules = readonly (readonly [name: RegExp, dtype: Float, factor: number])[];

/** Of llama, in every float dtype; some halves are below 2 ** -14, where they have fewer bits. */
export const everyDtype: Rules = [
  [/up_proj/, 'float16', 2 ** 12],
  [/down_proj/, 'float16', 2 ** -12],
  [/gate_proj|v_proj/, 'bfloat16', 1],
  [/q_proj|norm/, 'float64', 1],
  [/k_proj/, 'float32', 1],
  [/./, 'float16', 1],
];

export const columnByColumn: Rules = [[/./, 'float32', 1]];

/** Of nemotron, whose squares leave the range of float16. */
export const beyondHalves: Rules = [
  [/up_proj/, 'float32', 2 ** 7],
  [/down_proj/, 'float32', 2 ** -14],
  [/./, 'float32', 1],
];

type Float = keyof typeof storages;
const storages = {
  ...{ float64: 'DoubleStorage', float32: 'FloatStorage' },
  ...{ float16: 'HalfStorage', bfloat16: 'BFloat16Storage' },
} as const;

/** Two bytes for each number that has such, by what reads them. */
function bitsOf(dtype: 'float16' | 'bfloat16'): ReadonlyMap<number, number> {
  const bytes = new DataView(new ArrayBuffer(2));
  const bits = new Map<number, number>();
  for (let i = 0; i < 2 ** 16; i++) {
    bytes.setUint16(0, i, true);
    bits.set(readers[dtype].read(bytes, 0), i);
  }
  return bits;
}

const narrow = { float16: bitsOf('float16'), bfloat16: bitsOf('bfloat16') };

function stored(values: readonly number[], dtype: Float): ArrayBufferView {
  if (dtype === 'float64') return Float64Array.from(values);
  if (dtype === 'float32') return Float32Array.from(values);
  return Uint16Array.from(values, (x) => narrow[dtype].get(roundTo(dtype, x))!); // all that it has
}

/** By the first rule that fits its name; the last fits all. */
function odd(name: string, { shape, data }: Tensor, rules: Rules): TorchTensor {
  const [, dtype, factor] = rules.find(([of]) => of.test(name))!;
  const [rows = 1, columns = 1] = shape;
  const turned = Array.from(data, (_, i) => factor * data[(i % rows) * columns + Math.floor(i / rows)]!);
  const strides = shape.length === 2 ? [1, rows] : [1];
  return { type: storages[dtype], shape, strides, data: stored(turned, dtype) };
}

/** Writes it into `folder`, which is there. */
export function oddCheckpoint(fixture: string, folder: string, rules: Rules): void {
  const file = join(fixture, 'model.safetensors');
  const tensors = [...readTensors(readFileSync(file), file)].map(([name, t]) => [name, odd(name, t, rules)]);
  cpSync(join(fixture, 'config.json'), join(folder, 'config.json'));
  writeFileSync(join(folder, 'pytorch_model.bin'), torchBytes(Object.fromEntries(tensors)));
}
