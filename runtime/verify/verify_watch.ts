/** Wraps a session to measure its speed and to notice outputs that are not finite. */

import type { Session } from '../../compiler/ports/session.ts';
import type { Tensor } from '../../spec/tensor.ts';

export interface Watched {
  readonly session: Session;
  /** Names of outputs that had a number that is not finite. */
  readonly broken: ReadonlySet<string>;
  /** Seconds that this many tokens will take at the best rate so far; 0 before there is one. The first call warms up. */
  predict(tokens: number): number;
}

const isBroken = ({ dtype, data }: Tensor): boolean => {
  if (dtype === 'int64' || dtype === 'bool') return false;
  for (const x of data) if (!Number.isFinite(x)) return true;
  return false;
};

export function watch(session: Session): Watched {
  const broken = new Set<string>();
  let [calls, rate] = [0, Number.POSITIVE_INFINITY];
  return {
    broken,
    predict: (tokens) => (Number.isFinite(rate) ? tokens * rate : 0),
    session: {
      ...session,
      run: async (feeds, fetches) => {
        const start = performance.now();
        const outputs = await session.run(feeds, fetches);
        const seconds = (performance.now() - start) / 1000;
        if (calls++ > 0) rate = Math.min(rate, seconds / (feeds['input_ids']?.data.length ?? 1));
        for (const [name, t] of Object.entries(outputs)) if (isBroken(t)) broken.add(name);
        return outputs;
      },
    },
  };
}
