/** Root mean square normalisation, without a weight. */

import { defineOp, words } from '../op.ts';

export const rms_norm = defineOp<{ readonly eps: number }>({
  name: 'rms_norm',
  doc: 'x over its root mean square along the last axis, computed in float32.',
  inputs: ['x'],
  infer: ([x]) => (x!.shape.length > 0 ? x! : 'x must have an axis'),
  decompose(e, [x], { eps }) {
    const w = words(e);
    const wide = w.cast(x!, 'float32');
    const power = w.mean(w.mul(wide, wide), w.last(x!));
    return w.cast(w.mul(wide, w.rsqrt(w.add(power, w.scalar(eps, wide)))), e.typeOf(x!).dtype);
  },
});
