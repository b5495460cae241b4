/** Checks of calls with padding before and inside the text of a row, compared with each row alone. */

import { padLeft, type Rows, takesMask } from '../cache.ts';
import { memoryPairs, slotsOf } from './verify_memory.ts';
import { cutInto, endsOf, outcomeAt, outcomeOf, pickColumns, randomRows, rowOf } from './verify_run.ts';
import { type Pair, range, repeatCuts, type Step, type Subject, shown, sum } from './verify_step.ts';

/** Rows with their padding; every row ends in a token. */
export interface Padded {
  readonly what: string;
  readonly tokens: Rows;
  readonly real: Rows;
}

/** Compares calls of these lengths, with some inputs left out, with each row alone at once. */
export function padded(
  { target, uncached }: Subject,
  { what, tokens, real }: Padded,
  cuts: readonly number[],
  without: readonly string[] = [],
): Step {
  const calls = cutInto(tokens, cuts, real).map((call) => ({ ...call, without }));
  const length = sum(cuts);
  return {
    what: `${what}, in ${shown(cuts)}`,
    work: { reference: 0, target: 2 * tokens.length * length },
    calls,
    run: async () => {
      const together = await outcomeOf(target, calls);
      const ends = endsOf(target, cuts);
      const pairs: Pair[] = [];
      for (const [b, marks] of real.entries()) {
        const places = range(0, length).filter((i) => marks[i] === 1);
        const given = ends.flatMap((end, i) => (marks[end - 1] === 1 ? [{ end, i }] : []));
        const alone = await outcomeAt(
          uncached,
          [places.map((i) => tokens[b]![i]!)],
          given.map(({ end }) => places.filter((i) => i < end).length),
        );
        const actual = pickColumns(
          rowOf(together.logits, b),
          given.map(({ i }) => i),
        );
        const memory = memoryPairs(target, alone, together, {
          of: slotsOf(b, places),
          against: slotsOf(0, range(0, places.length)),
        });
        pairs.push({ expected: alone.logits, actual, memory });
      }
      return pairs;
    },
  };
}

/** Rows of three lengths, and rows that pause while others continue. */
export function paddedRows({ target, limit, seed }: Subject): {
  readonly left: Padded;
  readonly holes: Padded;
} {
  const { vocab } = target.manifest;
  const longest = Math.min(14, limit);
  const [text] = randomRows(1, longest + 2, vocab, seed + 7);
  const rows = [1, Math.ceil(longest / 2), longest].map((n, i) => text!.slice(i, i + n));
  const left = padLeft(rows);
  const tokens = randomRows(2, longest, vocab, seed + 8);
  const waits = (row: number, i: number): boolean => i % 3 === row && i < longest - 1;
  const real = tokens.map((row, b) => row.map((_, i) => (waits(b, i) ? 0 : 1)));
  return {
    left: { what: `rows of ${rows.map((r) => r.length).join(', ')} padded to ${longest}`, ...left },
    holes: { what: `2 rows of ${longest} that wait at times`, tokens, real },
  };
}

export function paddingSteps(subject: Subject): readonly Step[] {
  const { target, limit } = subject;
  if (limit < 4 || !takesMask(target.manifest)) return [];
  const { left, holes } = paddedRows(subject);
  const longest = left.tokens[0]!.length;
  const blank = Math.max(1, longest - 4);
  return [
    padded(subject, left, [longest]),
    padded(subject, left, [longest - 2, 1, 1]),
    // For the shortest row the first call is nothing but padding.
    padded(subject, left, [blank, ...repeatCuts(longest - blank, [2, 1])]),
    padded(subject, holes, repeatCuts(longest, [5, 1])),
  ];
}
