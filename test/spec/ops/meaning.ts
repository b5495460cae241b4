/** What a composite op means, computed on tensors, with its shape rule held against what comes out. */

import type { Attrs, Emit, Op } from '../../../spec/op.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { run, typeOf } from '../primitives/plain.ts';

const onTensors: Emit<Tensor> = { make: run, typeOf };

/** Throws where the op's shape rule refuses, or foretells another type than comes out. */
export function meaning<A extends Attrs>(op: Op<A>, inputs: readonly Tensor[], attrs: NoInfer<A>): Tensor {
  const foretold = op.infer(inputs.map(typeOf), attrs);
  if (typeof foretold === 'string') throw new TypeError(foretold);
  const y = op.decompose(onTensors, inputs, attrs);
  const found = JSON.stringify(typeOf(y));
  if (found !== JSON.stringify(foretold))
    throw new Error(`${op.name}: ${found}, foretold ${JSON.stringify(foretold)}`);
  return y;
}

/** Why an op refuses its inputs; an empty text when it does not. */
export function refused<A extends Attrs>(op: Op<A>, inputs: readonly Tensor[], attrs: NoInfer<A>): string {
  const foretold = op.infer(inputs.map(typeOf), attrs);
  return typeof foretold === 'string' ? foretold : '';
}

/** Largest difference of two rows of numbers. */
export const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce(
    (most, x, i) => Math.max(most, Math.abs(x - b[i]!)),
    a.length === b.length ? 0 : Infinity,
  );

/** Float32 arithmetic with numbers of the size of one: some units in the last place. */
export const close = 1e-6;

/** The same numbers in every run, between -1 and 1. */
export function noise(seed: number, n: number): number[] {
  let state = seed * 2654435761;
  return Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
