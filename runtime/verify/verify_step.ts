/** The parts of a check: the subject, and steps that return pairs to compare. */

import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import type { Tensor } from '../../spec/tensor.ts';
import type { PortPair } from './verify_memory.ts';
import type { Call } from './verify_run.ts';

export interface Subject {
  readonly target: Session;
  readonly reference?: Session;
  /** Gives the logits that runs with a cache must reproduce: another form of the model, or the target called once. */
  readonly uncached: Session;
  /** Another target of the same model. */
  readonly peer?: Session;
  /** The most tokens of one text: the context, or the slots of a static cache. */
  readonly limit: number;
  /** Keys that windowed layers see. */
  readonly windows: readonly number[];
  readonly full: boolean;
  readonly seed: number;
}

export const limitOf = ({ context, slots }: Pick<Manifest, 'context' | 'slots'>): number =>
  Math.min(context ?? Number.POSITIVE_INFINITY, slots ?? Number.POSITIVE_INFINITY);

export interface Pair {
  /** Logits. */
  readonly expected: Tensor;
  readonly actual: Tensor;
  /** The memory afterwards; undefined where a side has no ports. */
  readonly memory?: readonly PortPair[];
}

export interface Step {
  readonly what: string;
  /** Tokens through each session, for the estimate. */
  readonly work: { readonly reference: number; readonly target: number };
  /** The calls that show the difference when there is one. */
  readonly calls: readonly Call[];
  /** Why the step is not run, if it is not. */
  readonly skipped?: string;
  /** Runs only with `--full`, or when it will not take long. */
  readonly long?: boolean;
  run(): Promise<readonly Pair[]>;
}

export const sum = (ns: readonly number[]): number => ns.reduce((a, b) => a + b, 0);

export const range = (start: number, stop: number): readonly number[] =>
  Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);

/** `total` in pieces of the lengths of `pattern`, again and again. */
export function repeatCuts(total: number, pattern: readonly number[]): readonly number[] {
  const cuts: number[] = [];
  for (let left = total; left > 0; left -= cuts.at(-1)!) {
    cuts.push(Math.min(left, pattern[cuts.length % pattern.length]!));
  }
  return cuts;
}

/** The first few of the lengths that a text is cut into. */
export const shown = (cuts: readonly number[]): string =>
  `${cuts.slice(0, 5).join(' + ')}${cuts.length > 5 ? ' + ...' : ''}`;

export const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
