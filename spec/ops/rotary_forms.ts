/** The ways of writing a rotation: the op's own meaning, and what else is recognised as one. */

import { constant, size } from '../dim.ts';
import { type Emit, type Meaning, words } from '../op.ts';

export type Rotary = { readonly pairing: 'halves' | 'interleaved' };

/** Both numbers of a pair after the turn, from both before, their cosine and their sine. */
type Turn = <V>(e: Emit<V>, a: V, b: V, cos: V, sin: V) => readonly [V, V];

const parts: Turn = (e, a, b, cos, sin) => {
  const w = words(e);
  return [w.sub(w.mul(a, cos), w.mul(b, sin)), w.add(w.mul(b, cos), w.mul(a, sin))];
};
/** By minus the angle. */
const back: Turn = (e, a, b, cos, sin) => {
  const w = words(e);
  return [w.add(w.mul(a, cos), w.mul(b, sin)), w.sub(w.mul(b, cos), w.mul(a, sin))];
};
/** By minus the angle, as nanochat writes it. */
const nanochat: Turn = (e, a, b, cos, sin) => {
  const w = words(e);
  return [w.add(w.mul(a, cos), w.mul(b, sin)), w.add(w.mul(a, w.neg(sin)), w.mul(b, cos))];
};
export const pairsOf = { parts, back, nanochat } as const;

export const turned =
  (turn: Turn): Meaning<Rotary> =>
  (e, [x, cos, sin], { pairing }) => {
    const w = words(e);
    const { dtype, shape } = e.typeOf(x!);
    const pairs = constant(e.typeOf(cos!).shape[3]!)!;
    const [turning, width] = [2 * pairs, constant(shape[3]!)!];
    const wide = w.cast(x!, 'float32');
    const halves = pairing === 'halves';
    const part = (i: number) =>
      halves
        ? w.slice(wide, 3, size(i * pairs), size((i + 1) * pairs))
        : w.slice(wide, 3, size(i), size(turning), 2);
    const after = turn(e, part(0), part(1), cos!, sin!);
    const lead = shape.slice(0, 3);
    const joined = halves
      ? w.concat(after, 3)
      : w.reshape(
          w.concat(
            after.map((y) => w.reshape(y, [...lead, size(pairs), size(1)])),
            4,
          ),
          [...lead, size(turning)],
        );
    const rest = turning < width ? [w.slice(wide, 3, size(turning), size(width))] : [];
    return w.cast(rest.length > 0 ? w.concat([joined, ...rest], 3) : joined, dtype);
  };

/** x [cos, cos] + [-b, a] [sin, sin], as Llama writes it, over the whole of x. */
export const rotateHalf: Meaning<Rotary> = (e, [x, cos, sin]) => {
  const w = words(e);
  const { dtype, shape } = e.typeOf(x!);
  const wide = w.cast(x!, 'float32');
  const half = constant(shape[3]!)! / 2;
  const [a, b] = [w.slice(wide, 3, size(0), size(half)), w.slice(wide, 3, size(half), size(2 * half))];
  const [cosines, sines] = [w.concat([cos!, cos!], 3), w.concat([sin!, sin!], 3)];
  return w.cast(w.add(w.mul(wide, cosines), w.mul(w.concat([w.neg(b), a], 3), sines)), dtype);
};

/** The op turns by the angle, so the sines change their sign. */
export const byMinus = <V>(e: Emit<V>, [x, cos, sin]: readonly V[]): readonly V[] => [
  x!,
  cos!,
  words(e).neg(sin!),
];
