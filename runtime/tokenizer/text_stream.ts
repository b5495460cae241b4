/** Tokens to text as it becomes certain: whole characters, and nothing that may yet turn out to be a stop text. */

import type { DecodeStream } from './tokenizer.ts';

export interface TextStream {
  /** Adds a token; true when a stop text is complete, after which no more text comes. */
  push(token: number): boolean;
  /** Takes the text that has become certain since the last call. */
  take(): string;
  /** The text that was held back, at the end. */
  end(): string;
}

export function textStream(decoder: DecodeStream, stops: readonly string[] = []): TextStream {
  let [held, ready, ended] = ['', '', false];
  const add = (text: string): boolean => {
    if (ended) return true;
    held += text;
    const at = firstStop(held, stops);
    ended = at >= 0;
    const certain = ended ? at : held.length - partialStopLength(held, stops);
    ready += held.slice(0, certain);
    held = ended ? '' : held.slice(certain);
    return ended;
  };
  const take = (): string => {
    const text = ready;
    ready = '';
    return text;
  };
  return {
    push: (token) => add(decoder.push(token)),
    take,
    end: () => {
      add(decoder.end());
      const rest = take() + held;
      held = '';
      return rest;
    },
  };
}

/** Where the first of the stop texts begins; -1 when none is there. */
function firstStop(text: string, stops: readonly string[]): number {
  const places = stops.filter((s) => s !== '').map((s) => text.indexOf(s));
  return places.filter((p) => p >= 0).reduce((least, p) => (least < 0 ? p : Math.min(least, p)), -1);
}

/** Length of the longest suffix of the text that is a prefix of a stop text. */
function partialStopLength(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let n = Math.min(stop.length - 1, text.length); n > longest; n--)
      if (text.endsWith(stop.slice(0, n))) longest = n;
  }
  return longest;
}
