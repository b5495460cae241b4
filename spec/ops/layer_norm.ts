/** Layer normalisation, without weight and offset. */

import { type Meaning, ownOp, words } from '../op.ts';
import { always } from '../primitives/bounds.ts';
import { powers, scalings } from './spellings.ts';

type Eps = { readonly eps: number };

const written =
  (square: (typeof powers)[number], scaled: (typeof scalings)[number]): Meaning<Eps> =>
  (e, [x], { eps }) => {
    const w = words(e);
    const wide = w.cast(x!, 'float32');
    const centred = w.sub(wide, w.mean(wide, w.last(x!)));
    const power = w.add(w.mean(square(e, centred), w.last(x!)), w.scalar(eps, wide));
    return w.cast(scaled(e, centred, power), e.typeOf(x!).dtype);
  };

export const layer_norm = ownOp<Eps>({
  name: 'layer_norm',
  doc: 'x less its mean, over its standard deviation, along the last axis, computed in float32.',
  inputs: ['x'],
  bounds: always,
  infer: ([x]) => (x!.shape.length > 0 ? x! : 'x must have an axis'),
  decompose: written(powers[0], scalings[0]),
  recognise: {
    attrs: ({ numbers }) => numbers.map((eps) => ({ eps })),
    variants: powers.flatMap((square) => scalings.map((scaled) => ({ means: written(square, scaled) }))),
  },
});
