/** Random weights for trying a spec out: every element is a function of seed, name and index alone. */

import { createHash } from 'node:crypto';

/**
 * Queries and keys of the size of one give scores that differ by about one, and all keys then weigh about the same: a key that
 * should be hidden hardly shows. Scores grow by the square of this, so that some keys are looked at and others are not; much
 * more, and models so amplify every rounding that nothing can be compared.
 */
const gain = 1.5;

/** Of the element with this index. */
export type RandomValue = (index: number) => number;

/**
 * Matrices are uniform with a deviation of `gain` / sqrt(fan in), which about keeps what flows through at the same size; vectors
 * stay around one, or zero where the name says that they are added. So logits are neither all zero nor huge.
 */
export function randomValues(name: string, shape: readonly number[], seed: number): RandomValue {
  const salt = createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE();
  const matrix = shape.length > 1;
  const added = /(^|[._])(bias|offset|beta)$/.test(name);
  const deviation = matrix ? gain / Math.sqrt(Math.max(1, shape.at(-1)!)) : 0.25;
  const centre = matrix || added ? 0 : 1;
  const width = deviation * Math.sqrt(12);
  return (index) => Math.fround(centre + width * (uniform(salt, index) - 0.5));
}

/** 0 <= x < 1, in steps of 2 ** -32: two rounds of multiply and shift over the index. */
function uniform(salt: number, index: number): number {
  let x = (salt ^ Math.imul(index | 0, 0x9e3779b1) ^ Math.imul((index / 2 ** 32) | 0, 0x85ebca6b)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}
