/** Ways of writing one and the same step by hand, from which recognised forms of ops are put together. */

import { type Emit, words } from '../op.ts';

/** x squared. */
export const powers = [
  <V>(e: Emit<V>, x: V): V => words(e).mul(x, x),
  <V>(e: Emit<V>, x: V): V => words(e).pow(x, words(e).scalar(2, x)),
] as const;

/** x over the square root of y. */
export const scalings = [
  <V>(e: Emit<V>, x: V, y: V): V => words(e).mul(x, words(e).rsqrt(y)),
  <V>(e: Emit<V>, x: V, y: V): V => words(e).div(x, words(e).sqrt(y)),
  <V>(e: Emit<V>, x: V, y: V): V => {
    const w = words(e);
    return w.mul(x, w.div(w.scalar(1, y), w.sqrt(y)));
  },
] as const;

/** 0.5 x y, the product taken in any order. */
export const halvings = [
  <V>(e: Emit<V>, x: V, y: V): V => words(e).mul(words(e).mul(words(e).scalar(0.5, x), x), y),
  <V>(e: Emit<V>, x: V, y: V): V => words(e).mul(words(e).scalar(0.5, x), words(e).mul(x, y)),
  <V>(e: Emit<V>, x: V, y: V): V => words(e).mul(x, words(e).mul(words(e).scalar(0.5, x), y)),
] as const;
