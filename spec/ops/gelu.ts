/** The Gaussian error linear unit, in its exact form. */

import { defineOp, words } from '../op.ts';

export const gelu = defineOp<Readonly<Record<never, never>>>({
  name: 'gelu',
  doc: 'x times the normal distribution function of x.',
  inputs: ['x'],
  infer: ([x]) => x!,
  decompose(e, [x]) {
    const w = words(e);
    const inner = w.add(w.scalar(1, x!), w.erf(w.mul(x!, w.scalar(Math.SQRT1_2, x!))));
    return w.mul(w.mul(w.scalar(0.5, x!), x!), inner);
  },
});
