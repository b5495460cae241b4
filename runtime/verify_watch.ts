/** A session with a clock and a look-out for numbers that are not numbers. */

import type { Tensor } from '../spec/tensor.ts';
import type { Session } from './session.ts';

export interface Watched {
  readonly session: Session;
  /** Outputs that held something not finite. */
  readonly broken: ReadonlySet<string>;
  /** Seconds that this many tokens will take, from what has run after the first call, which warms up; 0 before that. */
  predict(tokens: number): number;
}

const isBroken = ({ dtype, data }: Tensor): boolean => {
  if (dtype === 'int64' || dtype === 'bool') return false;
  for (const x of data) if (!Number.isFinite(x)) return true;
  return false;
};

export function watch(session: Session): Watched {
  const broken = new Set<string>();
  let [calls, seconds, seen] = [0, 0, 0];
  return {
    broken,
    predict: (tokens) => (seen === 0 ? 0 : (tokens * seconds) / seen),
    session: {
      ...session,
      run: async (feeds, fetches) => {
        const start = performance.now();
        const outputs = await session.run(feeds, fetches);
        if (calls++ > 0) {
          seconds += (performance.now() - start) / 1000;
          seen += feeds['input_ids']?.data.length ?? 1;
        }
        for (const [name, t] of Object.entries(outputs)) if (isBroken(t)) broken.add(name);
        return outputs;
      },
    },
  };
}
