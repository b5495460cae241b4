/** Checks of one target against another. */

import { smallest } from '../../spec/long_list.ts';
import { columnsOf, padLeft, takesMask } from '../cache.ts';
import { memoryPairs, slotsOf } from './verify_memory.ts';
import { type Call, cutInto, endsOf, outcomeOf, randomRows } from './verify_run.ts';
import { plural, range, repeatCuts, type Step, type Subject, shown, sum } from './verify_step.ts';

/** The same calls to two targets: texts whole, in pieces, and padded where both have a mask. */
export function peerSteps(subject: Subject): readonly Step[] {
  const { target, peer, limit, seed } = subject;
  if (!peer) return [];
  const length = Math.min(24, limit);
  const both = (what: string, calls: readonly Call[], blank = 0): Step => {
    const work = sum(calls.map(({ tokens }) => tokens.length * tokens[0]!.length));
    return {
      what: `${what}, against ${peer.label}`,
      work: { reference: 0, target: 2 * work },
      calls,
      run: async () => {
        const ends = endsOf(
          target,
          calls.map(({ tokens }) => tokens[0]!.length),
        );
        // Nobody reads what is given at padding.
        const skip = ends.findIndex((end) => end > blank);
        const [theirs, mine] = [await outcomeOf(peer, calls), await outcomeOf(target, calls)];
        const real = slotsOf(undefined, range(blank, length));
        return [
          {
            expected: columnsOf(theirs.logits, skip),
            actual: columnsOf(mine.logits, skip),
            memory: memoryPairs(target, theirs, mine, { of: real, against: real }),
          },
        ];
      },
    };
  };
  const rows = randomRows(3, length, target.manifest.vocab, seed + 11);
  const cuts = repeatCuts(length, [Math.ceil(length / 2), 1, 1]);
  const masked = [target, peer].every((s) => takesMask(s.manifest));
  const shorter = rows.map((row, i) => row.slice(0, Math.max(1, length - 3 * i)));
  const { tokens, real } = padLeft(shorter);
  const blank = length - smallest(shorter.map((row) => row.length));
  return [
    both(`3 rows of ${plural(length, 'token')}`, [{ tokens: rows }]),
    both(`the same in pieces of ${shown(cuts)}`, cutInto(rows, cuts)),
    ...(masked ? [both('rows padded on the left', cutInto(tokens, cuts, real), blank)] : []),
  ];
}
