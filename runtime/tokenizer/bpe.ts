/** Byte pair encoding by ranks, as tiktoken does it: of the pairs that are tokens, the lowest rank merges first. */

import { error, Refusal } from '../../spec/diagnostic.ts';
import { refuseRisk } from './pattern_risk.ts';
import { type Encoding, latin } from './tiktoken_pickle.ts';
import { PatternProblem, splitPattern } from './tiktoken_regex.ts';

/** A heap of numbers, the smallest first. */
function heap() {
  const items: number[] = [];
  const swap = (a: number, b: number): void => {
    [items[a], items[b]] = [items[b]!, items[a]!];
  };
  const push = (value: number): void => {
    let at = items.push(value) - 1;
    for (let up = (at - 1) >> 1; at > 0 && items[up]! > items[at]!; up = (at - 1) >> 1) {
      swap(at, up);
      at = up;
    }
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const least = (items[left + 1] ?? Number.POSITIVE_INFINITY) < (items[left] ?? 0) ? left + 1 : left;
      if (least >= items.length || items[least]! >= items[at]!) return;
      swap(at, least);
      at = least;
    }
  };
  const pop = (): number | undefined => {
    if (items.length === 0) return undefined;
    swap(0, items.length - 1);
    const smallest = items.pop();
    sink();
    return smallest;
  };
  return { push, pop };
}

/** A pair is queued as one number, rank * placesPerRank + place, so that among equal ranks the leftmost merges first. */
const placesPerRank = 2 ** 21;

/** The tokens of one piece, whose bytes are the units of `text`. */
function mergePiece(text: string, ranks: ReadonlyMap<string, number>): readonly number[] {
  const n = text.length;
  const whole = ranks.get(text);
  if (whole !== undefined) return [whole];
  const next = Array.from({ length: n }, (_, i) => i + 1);
  const before = Array.from({ length: n }, (_, i) => i - 1);
  const rankAt = new Float64Array(n).fill(-1);
  const queue = heap();
  const queuePair = (i: number): void => {
    const middle = next[i]!;
    const rank = middle < n ? ranks.get(text.slice(i, next[middle])) : undefined;
    rankAt[i] = rank ?? -1;
    if (rank !== undefined) queue.push(rank * placesPerRank + i);
  };
  for (let i = 0; i + 1 < n; i++) queuePair(i);
  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    const i = top % placesPerRank;
    if (rankAt[i] !== Math.floor(top / placesPerRank)) continue; // merged away, or into something else, since it was queued
    const gone = next[i]!;
    next[i] = next[gone]!;
    rankAt[gone] = -1;
    if (next[i]! < n) before[next[i]!] = i;
    queuePair(i);
    if (before[i]! >= 0) queuePair(before[i]!);
  }
  const tokens: number[] = [];
  for (let i = 0; i < n; i = next[i]!) tokens.push(ranks.get(text.slice(i, next[i]))!);
  return tokens;
}

/** Cuts longer pieces, so that a place is less than `placesPerRank`. */
function merge(text: string, ranks: ReadonlyMap<string, number>): readonly number[] {
  if (text.length < placesPerRank) return mergePiece(text, ranks);
  const parts = Array.from({ length: Math.ceil(text.length / (placesPerRank - 1)) }, (_, i) =>
    mergePiece(text.slice(i * (placesPerRank - 1), (i + 1) * (placesPerRank - 1)), ranks),
  );
  return parts.flat();
}

const utf8 = new TextEncoder();

/** Encodes text; nothing in it counts as a special token. */
export function bpe({ pattern, ranks }: Encoding, file: string): (text: string) => number[] {
  const split = compiled(pattern, file);
  const known = new Map<string, readonly number[]>();
  return (text) => {
    const tokens: number[] = [];
    // As a lone surrogate has no UTF-8, it is what a decoder would put there.
    for (const [piece] of text.replace(/\p{Surrogate}/gu, '\ufffd').matchAll(split)) {
      let found = known.get(piece);
      if (!found) {
        found = merge(latin(utf8.encode(piece)), ranks);
        if (known.size < 10_000 && piece.length < 100) known.set(piece, found);
      }
      for (const token of found) tokens.push(token);
    }
    return tokens;
  };
}

function compiled(pattern: string, file: string): RegExp {
  refuseRisk(pattern, file);
  try {
    return splitPattern(pattern);
  } catch (cause) {
    if (!(cause instanceof PatternProblem)) throw cause;
    const found = `${cause.message}, in ${pattern}`;
    const hint = 'give a tokenizer.json instead';
    throw new Refusal([error('N621', 'the split pattern is beyond nanoc', { file, found, hint })]);
  }
}
