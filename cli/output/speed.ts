/** How fast tokens come: the time to the first one, and the rate of those after it. */

export interface Speed {
  /** Called when a token is there. */
  token(): void;
  summary(): Summary;
}

export interface Summary {
  readonly tokens: number;
  /** Milliseconds until the first was there. */
  readonly firstMs: number;
  /** Of the tokens after the first; 0 where there was none. */
  readonly perSecond: number;
}

export const speedText = ({ tokens, firstMs, perSecond }: Summary): string =>
  `${tokens} token${tokens === 1 ? '' : 's'}, first after ${firstMs.toFixed(0)} ms` +
  (tokens > 1 ? `, then ${perSecond.toFixed(1)} a second` : '');

/** Counts from now on. */
export function speedOf(): Speed {
  const start = performance.now();
  let [tokens, first, last] = [0, start, start];
  return {
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
