/** What the verifier compares: a table of checks, each a list of steps for the model at hand. */

import { smallest } from '../spec/long_list.ts';
import type { Tensor } from '../spec/tensor.ts';
import { columnsOf, padLeft, type Rows } from './cache.ts';
import type { Session } from './session.ts';
import type { Comparison } from './tolerance.ts';
import { type Call, cutInto, endsOf, logitsAt, logitsOf, randomRows, rowOf } from './verify_run.ts';

export interface Subject {
  readonly target: Session;
  readonly reference?: Session;
  /** Gives the logits that cached runs must repeat: another form of the model, or the target called once. */
  readonly uncached: Session;
  /** Another target of the same model. */
  readonly peer?: Session;
  /** Most tokens of one text: the context, or the slots of a static cache. */
  readonly limit: number;
  /** Keys that windowed layers see. */
  readonly windows: readonly number[];
  readonly full: boolean;
  readonly seed: number;
}

export interface Pair {
  readonly expected: Tensor;
  readonly actual: Tensor;
}

export interface Step {
  readonly what: string;
  /** Tokens through each session, for the estimate. */
  readonly work: { readonly reference: number; readonly target: number };
  /** What shows the difference when there is one. */
  readonly calls: readonly Call[];
  /** Said instead of running. */
  readonly skipped?: string;
  /** Runs only when asked for, or when it will not take long. */
  readonly long?: boolean;
  run(): Promise<readonly Pair[]>;
}

export interface Check {
  readonly name: string;
  readonly doc: string;
  readonly kind: Comparison;
  steps(subject: Subject): readonly Step[];
}

const sum = (ns: readonly number[]): number => ns.reduce((a, b) => a + b, 0);
const distinct = (ns: readonly number[]): readonly number[] => [...new Set(ns)];

/** `total` in pieces of the lengths of `pattern`, again and again. */
function repeatCuts(total: number, pattern: readonly number[]): readonly number[] {
  const cuts: number[] = [];
  for (let left = total; left > 0; left -= cuts.at(-1)!) {
    cuts.push(Math.min(left, pattern[cuts.length % pattern.length]!));
  }
  return cuts;
}

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** Whole texts, one call each. */
function whole(subject: Subject, expected: Session, length: number, batch: number): Step {
  const { target, reference, seed } = subject;
  const tokens = randomRows(batch, length, target.manifest.vocab, seed + 31 * length + batch);
  const calls = [{ tokens }];
  const work = batch * length;
  return {
    what: `${plural(batch, 'row')} of ${plural(length, 'token')}`,
    work: { reference: expected === reference ? work : 0, target: expected === reference ? work : 2 * work },
    calls,
    run: async () => [{ expected: await logitsOf(expected, calls), actual: await logitsOf(target, calls) }],
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
    ...short.filter(fits).map(([length, batch]) => whole(subject, reference, length, batch)),
    ...edges.map((length) => ({ ...whole(subject, reference, length, 1), long: !full })),
  ];
}

const repeatSteps = (subject: Subject): readonly Step[] => [
  whole(subject, subject.target, Math.min(16, subject.limit), 2),
];

/** The text in pieces against the text at once, at the positions where both give logits. */
function pieces(subject: Subject, cuts: readonly number[], batch: number, from = 0): Step {
  const { target, uncached, seed } = subject;
  const tokens = randomRows(batch, sum(cuts), target.manifest.vocab, seed + sum(cuts));
  const calls = cutInto(tokens, cuts);
  const first = cuts.slice(0, 8).join(' + ');
  return {
    what: `${plural(batch, 'row')} in pieces of ${first}${cuts.length > 8 ? ' + ...' : ''}`,
    work: { reference: 0, target: 2 * batch * sum(cuts) },
    calls,
    run: async () => {
      const ends = endsOf(target, cuts);
      const skip = ends.findIndex((end) => end > from);
      const actual = columnsOf(await logitsOf(target, calls), skip);
      return [{ expected: await logitsAt(uncached, tokens, ends.slice(skip)), actual }];
    },
  };
}

function pieceSteps(subject: Subject): readonly Step[] {
  const total = Math.min(24, subject.limit);
  if (total < 2) return [];
  const half = Math.ceil(total / 2);
  const patterns = [[1], [half], [total - 1, 1], [3, 1, 5, 2], [1, 7]];
  return patterns.map((pattern) => pieces(subject, repeatCuts(total, pattern), 2));
}

/** Logits that a step may hold at once without being asked for. */
const most = 2 ** 26;

function windowSteps(subject: Subject): readonly Step[] {
  const { limit, full, target } = subject;
  return distinct(subject.windows).flatMap((window) => {
    if (window >= limit) return [];
    const over = Math.min(limit, window + 4);
    const across = Math.min(limit, 2 * window + 3);
    const before = Math.max(1, window - 2);
    const steps = [
      pieces(subject, [before, ...repeatCuts(over - before, [1])], 1, before),
      pieces(subject, repeatCuts(across, [Math.max(1, window - 1), 3]), 1, window - 1),
    ];
    const size = (length: number) => length * target.manifest.vocab;
    const skipped = 'too long without --full';
    return steps.map((step) => (!full && size(step.work.target) > most ? { ...step, skipped } : step));
  });
}

/** Rows that share a call against the same rows alone. */
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
        const together = await logitsOf(target, calls);
        const pairs: Pair[] = [];
        for (const [b, row] of tokens.entries()) {
          const alone = await logitsOf(target, [{ tokens: [row] }]);
          pairs.push({ expected: alone, actual: rowOf(together, b) });
        }
        return pairs;
      },
    },
  ];
}

/** Rows of different length, padded on the left, in calls of these lengths, against each row alone and whole. */
function padded(subject: Subject, rows: Rows, cuts: readonly number[]): Step {
  const { target, uncached } = subject;
  const { tokens, real } = padLeft(rows);
  const calls = cutInto(tokens, cuts, real);
  const length = sum(cuts);
  return {
    what: `rows of ${rows.map((r) => r.length).join(', ')} padded to ${length}, in pieces of ${cuts.join(' + ')}`,
    work: { reference: 0, target: 2 * rows.length * length },
    calls,
    run: async () => {
      const together = await logitsOf(target, calls);
      const ends = endsOf(target, cuts);
      const pairs: Pair[] = [];
      for (const [b, row] of rows.entries()) {
        const blank = length - row.length;
        const skip = ends.findIndex((end) => end > blank);
        const mine = ends.slice(skip).map((end) => end - blank);
        const actual = columnsOf(rowOf(together, b), skip);
        pairs.push({ expected: await logitsAt(uncached, [row], mine), actual });
      }
      return pairs;
    },
  };
}

function paddingSteps(subject: Subject): readonly Step[] {
  const { target, limit, seed } = subject;
  const { inputs, vocab } = target.manifest;
  if (limit < 4 || !inputs.some((i) => i.name === 'attention_mask')) return [];
  const longest = Math.min(14, limit);
  const [text] = randomRows(1, longest + 2, vocab, seed + 7);
  const rows = [1, Math.ceil(longest / 2), longest].map((n, i) => text!.slice(i, i + n));
  const blank = Math.max(1, longest - 4);
  return [
    padded(subject, rows, [longest]),
    padded(subject, rows, [longest - 2, 1, 1]),
    // For the shortest row the first call is nothing but padding.
    padded(subject, rows, [blank, ...repeatCuts(longest - blank, [2, 1])]),
  ];
}

/** The same calls to two targets: texts whole, in pieces, and padded where both have a mask. */
function peerSteps(subject: Subject): readonly Step[] {
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
        const real = async (of: Session) => columnsOf(await logitsOf(of, calls), skip);
        return [{ expected: await real(peer), actual: await real(target) }];
      },
    };
  };
  const rows = randomRows(3, length, target.manifest.vocab, seed + 11);
  const cuts = repeatCuts(length, [Math.ceil(length / 2), 1, 1]);
  const masked = [target, peer].every((s) => s.manifest.inputs.some((i) => i.name === 'attention_mask'));
  const shorter = rows.map((row, i) => row.slice(0, Math.max(1, length - 3 * i)));
  const { tokens, real } = padLeft(shorter);
  const blank = length - smallest(shorter.map((row) => row.length));
  return [
    both(`3 rows of ${plural(length, 'token')}`, [{ tokens: rows }]),
    both(`the same in pieces of ${cuts.slice(0, 8).join(' + ')}`, cutInto(rows, cuts)),
    ...(masked ? [both('rows padded on the left', cutInto(tokens, cuts, real), blank)] : []),
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
  { name: 'peer', doc: 'the target against another one', kind: 'peer', steps: peerSteps },
];
