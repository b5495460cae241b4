/** Which tokens get logits where nobody says: all of them, unless those of a whole text would take more memory than a program expects. */

import type { Manifest } from './manifest.ts';

/** Bytes of the logits of a whole text: a runtime holds them, and a host copies them, with every prompt. */
const mostBytes = 64e6;
const float32Bytes = 4;
/** Tokens of a text where nothing bounds them. */
const unboundedTokens = 4096;

export type Logits = Manifest['logits'];

/** What bounds a text: the slots of its cache, and its positions. */
type Bounds = { readonly [K in 'slots' | 'context']?: number | undefined };

export const textLogits = (width: number, { slots, context }: Bounds) => {
  const tokens = Math.min(slots ?? Number.POSITIVE_INFINITY, context ?? slots ?? unboundedTokens);
  return { tokens, bytes: tokens * width * float32Bytes };
};

/** `width` is the number of logits of one token. */
export const usualLogits = (width: number, bounds: Bounds): Logits =>
  textLogits(width, bounds).bytes > mostBytes ? 'last' : 'all';
