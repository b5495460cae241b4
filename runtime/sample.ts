/** Choosing the next token from logits: greedy, or drawn with temperature, top-k, top-p and min-p. */

import { argmax } from './argmax.ts';

export interface SampleOptions {
  /** 0 (the default) is greedy: the largest logit, the lowest index among equals. */
  readonly temperature?: number;
  /** Keep the k largest. */
  readonly topK?: number;
  /** Keep the smallest set of most probable tokens that together reach this probability. */
  readonly topP?: number;
  /** Keep tokens of at least this fraction of the largest probability. */
  readonly minP?: number;
  /** Divides positive logits of tokens that are in the text already, and multiplies negative ones; 1 changes nothing. */
  readonly repetitionPenalty?: number;
}

/** Numbers in [0, 1). */
export type Random = () => number;

/** mulberry32: 32 bits of state, the same sequence everywhere for one seed; good for drawing tokens, not for secrets. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Candidates whose logits are this far below the largest are left out: all weights below exp(-60) together vanish in the rounding of the largest, which is 1. */
const negligibleLogitGap = 60;

/** The tokens of the k largest logits in descending order, equal ones by index; NaN is left out. */
function tokensInOrder(logits: ArrayLike<number>, k: number, temperature: number): readonly number[] {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > top) top = logits[i]!;
  let lowestKept = top - negligibleLogitGap * temperature;
  if (k < logits.length) lowestKept = Math.max(lowestKept, kthLargest(logits, k));
  const keys = new Float64Array(logits.length);
  let count = 0;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (logit >= lowestKept) keys[count++] = descendingBits(logit) * tokenLimit + token;
  }
  return Array.from(keys.subarray(0, count).sort().subarray(0, k), (key) => key % tokenLimit);
}

/** Above every token id; 32 bits of a logit and a token id fill the 53 of a number, which typed arrays sort without a function. */
const tokenLimit = 2 ** 21;
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The bits of a float32, changed so that larger numbers come first; the zeros are equal. */
function descendingBits(value: number): number {
  float[0] = value + 0;
  const u = bits[0]!;
  return u >= 0x80000000 ? u : 0x7fffffff - u;
}

/** The k-th largest number, NaN left out, by a heap of k: sorting a vocabulary of 256,000 takes as long as a step. */
function kthLargest(values: ArrayLike<number>, k: number): number {
  const heap = new Float64Array(k).fill(Number.NEGATIVE_INFINITY); // the smallest first
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value > heap[0]!)) continue;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < k && heap[child + 1]! < heap[child]!) child++;
      if (child >= k || heap[child]! >= value) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = value;
  }
  return heap[0]!;
}

/** Candidates from the most probable down, cut by k, p and min-p; probabilities sum to one. Equal logits: lowest index first. */
export function candidates(
  logits: ArrayLike<number>,
  { temperature = 1, topK, topP = 1, minP = 0 }: SampleOptions,
): readonly { readonly token: number; readonly probability: number }[] {
  const order = tokensInOrder(logits, topK && topK > 0 ? topK : logits.length, temperature);
  const top = logits[order[0] ?? 0] ?? 0;
  const weights = Float64Array.from(order, (token) => Math.exp((logits[token]! - top) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let mass = 0;
  const kept = order.filter((_, i) => {
    const keep = i === 0 || (mass < topP && weights[i]! >= minP);
    mass += weights[i]! / total;
    return keep;
  });
  // Only those at the end are left out, since weights fall and the mass grows.
  const left = weights.subarray(0, kept.length).reduce((sum, weight) => sum + weight, 0);
  return kept.map((token, i) => ({ token, probability: weights[i]! / left }));
}

/** The repetition penalty of CTRL (arXiv 1909.05858) as transformers computes it: a negative logit is multiplied. */
export function penalised(
  logits: ArrayLike<number>,
  seen: Iterable<number>,
  penalty: number,
): ArrayLike<number> {
  const changed = Float32Array.from(logits);
  for (const token of new Set(seen)) {
    const logit = changed[token];
    if (logit !== undefined) changed[token] = logit > 0 ? logit / penalty : logit * penalty;
  }
  return changed;
}

/** The next token of one position's logits. */
export function sample(logits: ArrayLike<number>, options: SampleOptions, next: Random): number {
  if ((options.temperature ?? 0) <= 0) return argmax(logits);
  const choices = candidates(logits, options);
  let left = next();
  for (const { token, probability } of choices) {
    left -= probability;
    if (left < 0) return token;
  }
  // Rounding can leave a crumb of probability beyond the last candidate.
  return choices.at(-1)?.token ?? argmax(logits);
}
