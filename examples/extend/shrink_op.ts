/** An op of one's own: soft thresholding, which sets small numbers to zero and moves the others towards it. */

import { defineOp, words } from 'nanospec';

const shrink = defineOp<{ readonly by: number }>({
  name: 'shrink',
  doc: 'x moved towards zero by `by`, and no further.',
  inputs: ['x'],
  attrs: { by: 0.1 }, // shrink(x), or shrink(x, by=0.5) in a spec
  infer: ([x]) => x ?? 'takes one tensor',
  // What it means, in primitives: every target can compute it from this, and `verify` holds them to it.
  decompose(emit, [x], { by }) {
    const w = words(emit);
    const [most, least] = [w.scalar(by, x!), w.scalar(-by, x!)];
    return w.sub(x!, w.min(w.max(x!, least), most));
  },
});

export const ops = [shrink];
