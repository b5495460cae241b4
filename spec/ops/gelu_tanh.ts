/** The Gaussian error linear unit as GPT-2 approximates it. */

import { type Emit, type Meaning, ownOp, words } from '../op.ts';
import { fromBelow } from '../primitives/bounds.ts';
import { halvings } from './spellings.ts';

type None = Readonly<Record<never, never>>;

const [slope, bend] = [Math.sqrt(2 / Math.PI), 0.044715];

/** sqrt(2 / pi) (x + 0.044715 x ** 3). */
const bent = [
  <V>(e: Emit<V>, x: V): V => {
    const w = words(e);
    const cube = w.mul(w.mul(x, x), x);
    return w.mul(w.scalar(slope, x), w.add(x, w.mul(w.scalar(bend, x), cube)));
  },
  <V>(e: Emit<V>, x: V): V => {
    const w = words(e);
    const cube = w.pow(x, w.scalar(3, x));
    return w.mul(w.scalar(slope, x), w.add(x, w.mul(w.scalar(bend, x), cube)));
  },
  <V>(e: Emit<V>, x: V): V => {
    const w = words(e);
    const cubed = w.mul(w.mul(w.mul(w.scalar(bend, x), x), x), x);
    return w.mul(w.scalar(slope, x), w.add(x, cubed));
  },
  <V>(e: Emit<V>, x: V): V => {
    const w = words(e);
    const factor = w.add(w.scalar(1, x), w.mul(w.mul(w.scalar(bend, x), x), x));
    return w.mul(w.mul(w.scalar(slope, x), x), factor);
  },
] as const;

const written =
  (halved: (typeof halvings)[number], inner: (typeof bent)[number]): Meaning<None> =>
  (e, [x]) => {
    const w = words(e);
    return halved(e, x!, w.add(w.scalar(1, x!), w.tanh(inner(e, x!))));
  };

export const gelu_tanh = ownOp<None>({
  name: 'gelu_tanh',
  doc: 'gelu by tanh: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x ** 3))).',
  inputs: ['x'],
  bounds: fromBelow,
  infer: ([x]) => x!,
  decompose: written(halvings[0], bent[0]),
  recognise: {
    attrs: () => [{}],
    variants: halvings.flatMap((halved) => bent.map((inner) => ({ means: written(halved, inner) }))),
  },
});
