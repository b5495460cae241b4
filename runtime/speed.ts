/** Measures the time to the first token, and the rate of those after it. */

export interface Speed {
  /** Starts the clock anew, before any token. */
  start(): void;
  /** Called for each token. */
  token(): void;
  summary(): Summary;
}

export interface Summary {
  readonly tokens: number;
  /** Milliseconds until the first token. */
  readonly firstMs: number;
  /** Rate of the tokens after the first; 0 when there were none. */
  readonly perSecond: number;
}

export const speedText = ({ tokens, firstMs, perSecond }: Summary): string =>
  `${tokens} token${tokens === 1 ? '' : 's'}, first after ${firstMs.toFixed(0)} ms` +
  (tokens > 1 ? `, then ${perSecond.toFixed(1)} a second` : '');

/** Starts the clock. */
export function speedOf(): Speed {
  let start = performance.now();
  let [tokens, first, last] = [0, start, start];
  return {
    start() {
      start = performance.now();
      [first, last] = [start, start];
    },
    token() {
      last = performance.now();
      if (tokens++ === 0) first = last;
    },
    summary: () => ({
      tokens,
      firstMs: first - start,
      perSecond: last > first ? (1000 * (tokens - 1)) / (last - first) : 0,
    }),
  };
}
