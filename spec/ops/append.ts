/** A growing port: what was kept, then what is new. */

import { ownOp, words } from '../op.ts';
import { primitives } from '../primitives/index.ts';

export const append = ownOp<{ readonly axis: number }>({
  name: 'append',
  doc: 'past and new joined along axis: the value of a cache that grows.',
  inputs: ['past', 'new'],
  infer: (inputs, attrs) => primitives.concat.infer(inputs, attrs),
  decompose: (e, [past, rows], { axis }) => words(e).concat([past!, rows!], axis),
  recognise: 'what grows is a port, which only a cache makes',
});
