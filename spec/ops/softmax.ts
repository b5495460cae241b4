/** Weights that sum to one along the last axis. */

import { ownOp, words } from '../op.ts';
import { always } from '../primitives/bounds.ts';

export const softmax = ownOp<Readonly<Record<never, never>>>({
  name: 'softmax',
  doc: 'exp(x) over its sum along the last axis, computed in float32.',
  inputs: ['x'],
  bounds: always,
  infer: ([x]) => (x!.shape.length > 0 ? x! : 'x must have an axis'),
  decompose(e, [x]) {
    const w = words(e);
    const { dtype } = e.typeOf(x!);
    const wide = w.cast(x!, 'float32');
    const axis = w.last(x!);
    const powers = w.exp(w.sub(wide, w.largest(wide, axis)));
    return w.cast(w.div(powers, w.sum(powers, axis)), dtype);
  },
  recognise: { attrs: () => [{}] },
});
