/** Measures how far two sets of logits are apart, in the figures of the table. */

import { product, type Tensor } from '../../spec/tensor.ts';
import { argmax } from '../argmax.ts';
import type { Allowed } from './tolerance.ts';

export interface Difference {
  /** Largest |a - b|; infinite where a number is not finite on one side only, or shapes differ. */
  readonly abs: number;
  /** Largest |a - b| / max(1, |a|). */
  readonly rel: number;
  /** Positions whose largest logit is at the same index, of all. */
  readonly top1: number;
  /** Number of positions where the two choose different tokens and the tolerance does not explain it. */
  readonly upsets: number;
  /** Largest Kullback-Leibler divergence of the next-token distributions, nats. */
  readonly kl: number;
  readonly positions: number;
  /** Index of the position of the largest |a - b|, in row-major order. */
  readonly worst: number;
  /** Largest |a|. */
  readonly size: number;
  /** Largest distance of two logits of one position. */
  readonly spread: number;
}

function logSum(values: ArrayLike<number>, start: number, length: number): number {
  const top = values[start + argmax(values, start, length)]!;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += Math.exp(values[start + i]! - top);
  return top + Math.log(sum);
}

/** KL(softmax(a) || softmax(b)) of one position, never below zero. */
function divergence(a: ArrayLike<number>, b: ArrayLike<number>, start: number, length: number): number {
  const za = logSum(a, start, length);
  const zb = logSum(b, start, length);
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const la = a[start + i]! - za;
    sum += Math.exp(la) * (la - (b[start + i]! - zb));
  }
  return Math.max(0, sum);
}

const distance = (a: number, b: number): number => {
  if (a === b) return 0;
  const d = Math.abs(a - b);
  return Number.isFinite(d) ? d : Number.POSITIVE_INFINITY;
};

const incomparable: Difference = {
  abs: Number.POSITIVE_INFINITY,
  rel: Number.POSITIVE_INFINITY,
  top1: 0,
  upsets: 1,
  kl: Number.POSITIVE_INFINITY,
  positions: 0,
  worst: 0,
  size: 0,
  spread: 0,
};

/** Compares logits [..., V]; `expected` is the reference. */
export function compareLogits(
  expected: Tensor,
  actual: Tensor,
  allowed: Pick<Allowed, 'abs' | 'kl'>,
): Difference {
  if (expected.shape.join() !== actual.shape.join()) return incomparable;
  const width = expected.shape.at(-1) ?? 1;
  const positions = product(expected.shape.slice(0, -1));
  const [a, b] = [expected.data, actual.data];
  let [abs, rel, kl, worst, same, upsets, spread] = [0, 0, 0, 0, 0, 0, 0];
  for (let p = 0; p < positions; p++) {
    const start = p * width;
    let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = start; i < start + width; i++) {
      const d = distance(a[i]!, b[i]!);
      [lowest, highest] = [Math.min(lowest, a[i]!), Math.max(highest, a[i]!)];
      if (d > abs) [abs, worst] = [d, p];
      rel = Math.max(rel, d / Math.max(1, Math.abs(a[i]!)) || 0);
    }
    const [mine, theirs] = [argmax(a, start, width), argmax(b, start, width)];
    if (mine === theirs) same++;
    else if (!(a[start + mine]! - a[start + theirs]! <= 2 * allowed.abs)) upsets++;
    const d = divergence(a, b, start, width);
    kl = Math.max(kl, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
    spread = Math.max(spread, highest - lowest);
  }
  const top1 = positions ? same / positions : 1;
  return { abs, rel, top1, upsets, kl, positions, worst, size: magnitude(expected), spread };
}

/** Largest |a - b| of two tensors of any meaning, and where; infinite when shapes differ. */
export function compareValues(
  expected: Tensor,
  actual: Tensor,
): { readonly abs: number; readonly at: number } {
  if (expected.shape.join() !== actual.shape.join()) return { abs: Number.POSITIVE_INFINITY, at: 0 };
  let [abs, at] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const d = distance(expected.data[i]!, actual.data[i]!);
    if (d > abs) [abs, at] = [d, i];
  }
  return { abs, at };
}

/** Largest |x|, the scale that a difference is read against. */
export function magnitude(t: Tensor): number {
  let largest = 0;
  for (const x of t.data) largest = Math.max(largest, Math.abs(x));
  return largest;
}

export const within = (d: Difference, allowed: Pick<Allowed, 'abs' | 'kl'>): boolean =>
  d.positions > 0 && d.abs <= allowed.abs && d.kl <= allowed.kl && d.upsets === 0;
