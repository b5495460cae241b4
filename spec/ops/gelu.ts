/** The Gaussian error linear unit, in its exact form. */

import { type Emit, type Meaning, ownOp, words } from '../op.ts';
import { fromBelow } from '../primitives/bounds.ts';
import { halvings } from './spellings.ts';

type None = Readonly<Record<never, never>>;

const scaled = [
  <V>(e: Emit<V>, x: V): V => words(e).mul(x, words(e).scalar(Math.SQRT1_2, x)),
  <V>(e: Emit<V>, x: V): V => words(e).div(x, words(e).scalar(Math.SQRT2, x)),
] as const;

const written =
  (halved: (typeof halvings)[number], inner: (typeof scaled)[number]): Meaning<None> =>
  (e, [x]) => {
    const w = words(e);
    return halved(e, x!, w.add(w.scalar(1, x!), w.erf(inner(e, x!))));
  };

export const gelu = ownOp<None>({
  name: 'gelu',
  doc: 'x times the normal distribution function of x.',
  inputs: ['x'],
  bounds: fromBelow,
  infer: ([x]) => x!,
  decompose: written(halvings[0], scaled[0]),
  recognise: {
    attrs: () => [{}],
    variants: halvings.flatMap((halved) => scaled.map((inner) => ({ means: written(halved, inner) }))),
  },
});
