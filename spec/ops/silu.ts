/** The sigmoid linear unit, also called swish. */

import { defineOp, words } from '../op.ts';

export const silu = defineOp<Readonly<Record<never, never>>>({
  name: 'silu',
  doc: 'x * sigmoid(x).',
  inputs: ['x'],
  infer: ([x]) => x!,
  decompose(e, [x]) {
    const w = words(e);
    return w.mul(x!, w.sigmoid(x!));
  },
});
