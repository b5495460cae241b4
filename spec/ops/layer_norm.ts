/** Layer normalisation, without weight and offset. */

import { defineOp, words } from '../op.ts';

export const layer_norm = defineOp<{ readonly eps: number }>({
  name: 'layer_norm',
  doc: 'x less its mean, over its standard deviation, along the last axis, computed in float32.',
  inputs: ['x'],
  infer: ([x]) => (x!.shape.length > 0 ? x! : 'x must have an axis'),
  decompose(e, [x], { eps }) {
    const w = words(e);
    const wide = w.cast(x!, 'float32');
    const centred = w.sub(wide, w.mean(wide, w.last(x!)));
    const power = w.mean(w.mul(centred, centred), w.last(x!));
    return w.cast(w.mul(centred, w.rsqrt(w.add(power, w.scalar(eps, wide)))), e.typeOf(x!).dtype);
  },
});
