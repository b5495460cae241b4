/** The Gaussian error linear unit as GPT-2 approximates it. */

import { defineOp, words } from '../op.ts';

export const gelu_tanh = defineOp<Readonly<Record<never, never>>>({
  name: 'gelu_tanh',
  doc: 'gelu by tanh: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x ** 3))).',
  inputs: ['x'],
  infer: ([x]) => x!,
  decompose(e, [x]) {
    const w = words(e);
    const cube = w.mul(w.mul(x!, x!), x!);
    const bent = w.add(x!, w.mul(w.scalar(0.044715, x!), cube));
    const inner = w.tanh(w.mul(w.scalar(Math.sqrt(2 / Math.PI), x!), bent));
    return w.mul(w.mul(w.scalar(0.5, x!), x!), w.add(w.scalar(1, x!), inner));
  },
});
