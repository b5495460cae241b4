/** Tensors across the boundary of onnxruntime, which is the same in Node and in the browser. */

import type * as Ort from 'onnxruntime-common';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Feeds } from '../../compiler/ports/session.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import type { Tensor } from '../../spec/tensor.ts';
import type { DeviceTensors } from './device_tensors.ts';
import { fromHalf, toHalf } from './half.ts';

export type TensorMaker = typeof Ort.Tensor;

/** Refuses (N704) a model with bfloat16 at its boundary, which JavaScript cannot give. */
export function refuseNarrow({ inputs, outputs }: Manifest): void {
  const refused = [...inputs, ...outputs].find((t) => t.dtype === 'bfloat16');
  if (!refused) return;
  const extra = { found: `${refused.name} is bfloat16`, hint: '--compute f32 or f16' };
  throw new Refusal([error('N704', 'onnxruntime takes no bfloat16 at the boundary', extra)]);
}

/**
 * One call; inputs that the session does not know are left out, and outputs that it does not have. What stays on the device is
 * given once: the call that takes it frees it.
 */
export async function runOrt(
  maker: TensorMaker,
  session: Ort.InferenceSession,
  feeds: Feeds,
  fetches?: readonly string[],
  kept?: DeviceTensors,
): Promise<Readonly<Record<string, Tensor>>> {
  const used = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
  const there = used.flatMap(([, t]) => kept?.behind(t) ?? []);
  const inputs = Object.fromEntries(used.map(([name, t]) => [name, kept?.behind(t) ?? toOrt(maker, t)]));
  const names = fetches?.filter((name) => session.outputNames.includes(name));
  const outputs = await (names ? session.run(inputs, names) : session.run(inputs));
  for (const t of there) kept?.free(t);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, t]) => [name, kept?.standIn(t) ?? fromOrt(t)]),
  );
}

/** int64 leaves as BigInt64Array, float16 as bits; bfloat16 cannot cross this runtime's boundary. */
function toOrt(OrtTensor: TensorMaker, { dtype, shape, data }: Tensor): Ort.Tensor {
  switch (dtype) {
    case 'float32':
      return new OrtTensor('float32', data as Float32Array, shape); // by the contract of Tensor
    case 'int64':
      return new OrtTensor('int64', BigInt64Array.from(data as Float64Array, BigInt), shape);
    case 'bool':
      return new OrtTensor('bool', data as Uint8Array, shape);
    case 'float16':
      return new OrtTensor('float16', Uint16Array.from(data as Float32Array, toHalf), shape);
    case 'bfloat16':
      throw new Refusal([
        error('N704', 'onnxruntime takes no bfloat16 inputs from JavaScript', { hint: '--compute f32' }),
      ]);
  }
}

function fromOrt(t: Ort.Tensor): Tensor {
  const shape = [...t.dims];
  const data: unknown = t.data; // its type depends on `type` and on whether this Node has Float16Array
  switch (t.type) {
    case 'float32':
      return { dtype: 'float32', shape, data: data as Float32Array };
    case 'int64':
      return { dtype: 'int64', shape, data: Float64Array.from(data as BigInt64Array, Number) };
    case 'bool':
      return { dtype: 'bool', shape, data: Uint8Array.from(data as Uint8Array) };
    case 'float16': {
      const values = data as ArrayLike<number>;
      const wide =
        data instanceof Uint16Array ? Float32Array.from(data, fromHalf) : Float32Array.from(values);
      return { dtype: 'float16', shape, data: wide };
    }
    default:
      throw new Refusal([error('N704', `onnxruntime gave an output of type ${t.type}`)]);
  }
}
