/** The sigmoid linear unit, also called swish. */

import { ownOp, words } from '../op.ts';
import { fromBelow } from '../primitives/bounds.ts';

type None = Readonly<Record<never, never>>;

export const silu = ownOp<None>({
  name: 'silu',
  doc: 'x * sigmoid(x).',
  inputs: ['x'],
  bounds: fromBelow,
  infer: ([x]) => x!,
  decompose(e, [x]) {
    const w = words(e);
    return w.mul(x!, w.sigmoid(x!));
  },
  recognise: {
    attrs: () => [{}],
    variants: [
      {
        means(e, [x]) {
          const w = words(e);
          return w.div(x!, w.add(w.scalar(1, x!), w.exp(w.neg(x!))));
        },
      },
    ],
  },
});
