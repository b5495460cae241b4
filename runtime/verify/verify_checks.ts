/** The table of checks, each with the steps that it has for a model. */

import type { Session } from '../../compiler/ports/session.ts';
import { columnsOf } from '../cache.ts';
import type { Comparison } from './tolerance.ts';
import { leftOutSteps } from './verify_left_out.ts';
import { memoryPairs } from './verify_memory.ts';
import { newRowsSteps } from './verify_new_rows.ts';
import { paddingSteps } from './verify_padding.ts';
import { peerSteps } from './verify_peer.ts';
import { cutInto, endsOf, outcomeAt, outcomeOf, randomRows, rowOf } from './verify_run.ts';
import { slotSteps } from './verify_slots.ts';
import { type Pair, plural, repeatCuts, type Step, type Subject, shown, sum } from './verify_step.ts';

export interface Check {
  readonly name: string;
  readonly doc: string;
  readonly kind: Comparison;
  steps(subject: Subject): readonly Step[];
}

const distinct = (ns: readonly number[]): readonly number[] => [...new Set(ns)];

/** Whole texts, one call each. */
function wholeTexts(subject: Subject, expected: Session, length: number, batch: number): Step {
  const { target, reference, seed } = subject;
  const tokens = randomRows(batch, length, target.manifest.vocab, seed + 31 * length + batch);
  const calls = [{ tokens }];
  const work = batch * length;
  return {
    what: `${plural(batch, 'row')} of ${plural(length, 'token')}`,
    work: { reference: expected === reference ? work : 0, target: expected === reference ? work : 2 * work },
    calls,
    run: async () => {
      const [believed, found] = [await outcomeOf(expected, calls), await outcomeOf(target, calls)];
      const memory = memoryPairs(target, believed, found);
      return [{ expected: believed.logits, actual: found.logits, memory }];
    },
  };
}

function referenceSteps(subject: Subject): readonly Step[] {
  const { reference, limit, windows, full } = subject;
  if (!reference) return [];
  const fits = ([length]: readonly [number, number]): boolean => length <= limit;
  const short: readonly (readonly [number, number])[] = [
    [1, 1],
    [1, 3],
    [5, 1],
    [17, 3],
    [32, 1],
  ];
  const edges = windows.filter((w) => w < limit).map((w) => Math.min(limit, w + 3));
  return [
    ...short.filter(fits).map(([length, batch]) => wholeTexts(subject, reference, length, batch)),
    ...edges.map((length) => ({ ...wholeTexts(subject, reference, length, 1), long: !full })),
  ];
}

const repeatSteps = (subject: Subject): readonly Step[] => [
  wholeTexts(subject, subject.target, Math.min(16, subject.limit), 2),
];

/** Compares a text in pieces with the text at once, at the positions where both give logits. */
function textInPieces(subject: Subject, cuts: readonly number[], batch: number, from = 0): Step {
  const { target, uncached, seed } = subject;
  const tokens = randomRows(batch, sum(cuts), target.manifest.vocab, seed + sum(cuts));
  const calls = cutInto(tokens, cuts);
  return {
    what: `${plural(batch, 'row')} in pieces of ${shown(cuts)}`,
    work: { reference: 0, target: 2 * batch * sum(cuts) },
    calls,
    run: async () => {
      const ends = endsOf(target, cuts);
      const skip = ends.findIndex((end) => end > from);
      const found = await outcomeOf(target, calls);
      const believed = await outcomeAt(uncached, tokens, ends.slice(skip));
      const memory = memoryPairs(target, believed, found);
      return [{ expected: believed.logits, actual: columnsOf(found.logits, skip), memory }];
    },
  };
}

function pieceSteps(subject: Subject): readonly Step[] {
  const total = Math.min(24, subject.limit);
  if (total < 2) return [];
  const half = Math.ceil(total / 2);
  const patterns = [[1], [half], [total - 1, 1], [3, 1, 5, 2], [1, 7]];
  return patterns.map((pattern) => textInPieces(subject, repeatCuts(total, pattern), 2));
}

/** A step with more logits than this at once runs only with `--full`. */
const mostLogits = 2 ** 26;

function windowSteps(subject: Subject): readonly Step[] {
  const { limit, full, target } = subject;
  return distinct(subject.windows).flatMap((window) => {
    if (window >= limit) return [];
    const over = Math.min(limit, window + 4);
    const across = Math.min(limit, 2 * window + 3);
    const before = Math.max(1, window - 2);
    const steps = [
      textInPieces(subject, [before, ...repeatCuts(over - before, [1])], 1, before),
      textInPieces(subject, repeatCuts(across, [Math.max(1, window - 1), 3]), 1, window - 1),
    ];
    const size = (length: number) => length * target.manifest.vocab;
    const skipped = 'too long without --full';
    return steps.map((step) => (!full && size(step.work.target) > mostLogits ? { ...step, skipped } : step));
  });
}

/** Compares rows that share a call with the same rows alone. */
function batchSteps(subject: Subject): readonly Step[] {
  const { target, limit, seed } = subject;
  const length = Math.min(11, limit);
  const tokens = randomRows(3, length, target.manifest.vocab, seed + 3);
  const calls = [{ tokens }];
  return [
    {
      what: `3 rows of ${plural(length, 'token')}`,
      work: { reference: 0, target: 6 * length },
      calls,
      run: async () => {
        const together = await outcomeOf(target, calls);
        const pairs: Pair[] = [];
        for (const [b, row] of tokens.entries()) {
          const alone = await outcomeOf(target, [{ tokens: [row] }]);
          const memory = memoryPairs(target, alone, together, { of: (_, t) => rowOf(t, b) });
          pairs.push({ expected: alone.logits, actual: rowOf(together.logits, b), memory });
        }
        return pairs;
      },
    },
  ];
}

export const checks: readonly Check[] = [
  {
    name: 'reference',
    doc: 'the target against the interpreter',
    kind: 'reference',
    steps: referenceSteps,
  },
  { name: 'repeat', doc: 'the target against itself, the same call twice', kind: 'self', steps: repeatSteps },
  { name: 'cache', doc: 'prefill and decode in pieces against one call', kind: 'self', steps: pieceSteps },
  { name: 'window', doc: 'the same across the edges of windows', kind: 'self', steps: windowSteps },
  { name: 'batch', doc: 'rows that share a call against rows alone', kind: 'self', steps: batchSteps },
  { name: 'padding', doc: 'rows padded on the left against rows alone', kind: 'self', steps: paddingSteps },
  {
    name: 'left out',
    doc: 'calls that leave inputs out against calls that give them',
    kind: 'self',
    steps: leftOutSteps,
  },
  {
    name: 'slots',
    doc: 'a static cache with other numbers beyond the text, and full',
    kind: 'self',
    steps: slotSteps,
  },
  {
    name: 'new rows',
    doc: 'whole caches against their past and the new rows',
    kind: 'self',
    steps: newRowsSteps,
  },
  { name: 'peer', doc: 'the target against another one', kind: 'peer', steps: peerSteps },
];
