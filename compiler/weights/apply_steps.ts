/** The arithmetic of a view, on one chunk: the same meaning of primitives that the reference interpreter has. */

import { Bug } from '../../spec/diagnostic.ts';
import { size } from '../../spec/dim.ts';
import type { Emit } from '../../spec/op.ts';
import { isComposite, opOf } from '../../spec/ops/index.ts';
import { evaluatePrimitive, isPrimitive } from '../../spec/primitives/index.ts';
import { type Tensor, tensor } from '../../spec/tensor.ts';
import type { GraphDType } from '../../spec/type.ts';
import { converter, isFloat } from './convert.ts';
import type { Step, View } from './view.ts';

/** `bytes` hold elements of the view's parameter in its own dtype, a float. */
export function applySteps({ dtype, apply }: View, bytes: Uint8Array): Tensor {
  let value = decoded(dtype, bytes);
  for (const step of apply) value = applyStep(value, step);
  return value;
}

function applyStep(value: Tensor, [op, dtype, by, side]: Step): Tensor {
  if (isComposite(op)) {
    const attrs = typeof by === 'object' ? by : [];
    return opOf(op).decompose(onTensors, [value], Object.fromEntries(attrs));
  }
  if (!isPrimitive(op)) throw new Bug(`${op} in a view is no op`);
  const other = typeof by === 'number' ? [tensor(value.dtype, [], [by])] : [];
  const inputs = side === 'left' ? [...other, value] : [value, ...other];
  // Only elementwise primitives are folded so; of them `cast` alone has attributes.
  return evaluatePrimitive(op, inputs, (op === 'cast' ? { dtype } : {}) as never, new Map());
}

const onTensors: Emit<Tensor> = {
  make: (op, inputs, attrs) => evaluatePrimitive(op, inputs, attrs, new Map()),
  typeOf: ({ dtype, shape }) => ({ dtype, shape: shape.map(size) }),
};

function decoded(dtype: GraphDType, bytes: Uint8Array): Tensor {
  if (!isFloat(dtype)) throw new Bug(`arithmetic on a parameter of ${dtype}`);
  const { buffer, byteOffset, byteLength } = converter(dtype, ['float32']).run(bytes);
  return { dtype, shape: [byteLength / 4], data: new Float32Array(buffer, byteOffset, byteLength / 4) };
}

/** As bytes of float32, which holds every float dtype's values. */
export function encoded({ data }: Tensor): Uint8Array {
  if (!(data instanceof Float32Array)) throw new Bug('arithmetic of a view that gives no floats');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
