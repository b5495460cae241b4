/** The only place where an allowed error is written: by what is compared, and by the dtypes of storage and arithmetic. */

import type { GraphDType } from '../../spec/type.ts';

/**
 * `reference`: the interpreter, which sums in double, against a target with the same stored weights.
 * `self`: one target against itself, the text cut or padded differently.
 * `golden`: someone else's float32 numbers, made from the weights before they were stored narrower.
 * `peer`: two targets.
 */
export const comparisons = ['reference', 'self', 'golden', 'peer'] as const;
export type Comparison = (typeof comparisons)[number];

export interface Allowed {
  /** Largest |difference| of two logits. */
  readonly abs: number;
  /** Largest Kullback-Leibler divergence of two next-token distributions, in nats. */
  readonly kl: number;
  /** Largest |difference| as a share of the largest logit, which counts where logits are small. */
  readonly share: number;
}

/** The tolerance for logits up to `size`: small logits are held to a share of it, so that no error hides in small numbers. */
export const forSize = (allowed: Allowed, size: number): Allowed => ({
  ...allowed,
  abs: Math.min(allowed.abs, allowed.share * size),
});

/** Largest |difference| in a port, relative to its largest number. It is wider than for logits, since nothing evens out the errors of late layers. */
export const portShare = ({ share }: Allowed): number => 2.5 * share;

type Float = 'float32' | 'float16' | 'bfloat16';

/**
 * Arithmetic. Logits are of the size of 10. float32: moving every weight by one unit in the last place moves the logits of
 * the golden models by 1e-5, float32 against float64 by 6e-6 and cached against uncached by 7e-6; 1e-4 leaves room for
 * deeper models and for other orders of summation, and is below what the smallest modelling error seen does (3e-4: a norm's
 * epsilon of 1e-5). float16 and bfloat16 round each value that leaves a node, with 13 and 16 bits less: the same error
 * times 2**13 is 0.08 and times 2**16 is 0.66; norms, softmax and logits stay float32. The golden models in LibTorch 1.13 and
 * 2.13 use less than half of that: 0.03 and 3e-5 nats in float16, 0.3 and 2e-3 nats in bfloat16. The shares are below the same
 * epsilon's in float32, and in 16 bits above what the shipped specs show with random weights, mixtures left out: 0.16.
 */
const arithmetic: Readonly<Record<Float, Allowed>> = {
  float32: { abs: 1e-4, kl: 1e-7, share: 2e-5 },
  float16: { abs: 0.1, kl: 1e-3, share: 0.02 },
  bfloat16: { abs: 0.7, kl: 0.03, share: 0.2 },
};

/**
 * Weights rounded once, seen only by `golden`: float16 keeps 11 bits (relative 5e-4), bfloat16 8 (4e-3). On the trained
 * tiny nanochat bfloat16 costs a mean divergence of 4e-6; the largest over positions is some hundred times that.
 * Golden files are float32 numbers of another library: its own error comes on top (6e-6 against float64, and 2e-4 is what
 * their makers allow).
 */
const stored: Readonly<Record<Float, Allowed>> = {
  float32: { abs: 1e-4, kl: 1e-7, share: 2e-5 },
  float16: { abs: 0.05, kl: 3e-4, share: 0.01 },
  bfloat16: { abs: 0.4, kl: 0.02, share: 0.1 },
};

const floatOf = (dtype: GraphDType): Float => {
  if (dtype === 'float16' || dtype === 'bfloat16') return dtype;
  return 'float32';
};

const sum = (a: Allowed, b: Allowed): Allowed => ({
  abs: a.abs + b.abs,
  kl: a.kl + b.kl,
  share: a.share + b.share,
});

/** The tolerance of a comparison; `atol`, the user's `--atol`, replaces the absolute figure and the divergence that follows from it. */
export function allowed(
  kind: Comparison,
  dtypes: { readonly storage: GraphDType; readonly compute: GraphDType },
  atol?: number,
): Allowed {
  const base = arithmetic[floatOf(dtypes.compute)];
  const figure = kind === 'golden' ? sum(base, stored[floatOf(dtypes.storage)]) : base;
  // Logits that move by at most a move the divergence by at most 2a, and by about a**2 / 2 in practice.
  return atol === undefined
    ? figure
    : { abs: atol, kl: Math.max(figure.kl, 2 * atol), share: Math.max(figure.share, atol) };
}
