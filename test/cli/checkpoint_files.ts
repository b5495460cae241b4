/** Small checkpoints with made-up tensors. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { product } from '../../spec/tensor.ts';
import { folder } from './run_cli.ts';

/** A `.safetensors` of float32 zeros with these shapes, and nanochat's meta file beside it; the path of the first. */
export function safetensors(shapes: Readonly<Record<string, readonly number[]>>, config: JsonObject): string {
  let at = 0;
  const header = Object.entries(shapes).map(([name, shape]) => {
    const from = at;
    at += 4 * product(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [from, at] }] as const;
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.from(new BigUint64Array([BigInt(text.length)]).buffer);
  const path = folder();
  writeFileSync(join(path, 'model_000000.safetensors'), Buffer.concat([length, text, Buffer.alloc(at)]));
  writeFileSync(join(path, 'meta_000000.json'), JSON.stringify({ step: 0, model_config: config }));
  return join(path, 'model_000000.safetensors');
}
