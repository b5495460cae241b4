/** A product with a weight as torch stores it. */

import { equal, showShape } from '../dim.ts';
import { ownOp, words } from '../op.ts';

export const linear = ownOp<Readonly<Record<never, never>>>({
  name: 'linear',
  doc: 'x [..., in] times a weight [out, in], transposed.',
  inputs: ['x', 'weight'],
  infer([x, weight]) {
    const [outputs, inputs] = weight!.shape;
    if (weight!.shape.length !== 2 || !outputs || !inputs) return 'the weight must have two axes';
    if (x!.dtype !== weight!.dtype) return `dtypes ${x!.dtype} and ${weight!.dtype} differ`;
    const last = x!.shape.at(-1);
    if (!last || x!.shape.length < 2 || !equal(last, inputs)) {
      return `x ${showShape(x!.shape)} does not fit a weight ${showShape(weight!.shape)}`;
    }
    return { dtype: x!.dtype, shape: [...x!.shape.slice(0, -1), outputs] };
  },
  decompose(e, [x, weight]) {
    const w = words(e);
    return w.matmul(x!, w.transpose(weight!, [1, 0]));
  },
  recognise: 'a product with a transposed weight becomes one where weights are folded',
});
