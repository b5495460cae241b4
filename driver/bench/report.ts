/** What `nanoc bench` finds, as plain values that `--json` prints, and how samples become figures. */

import type { CacheForm } from '../../compiler/ports/manifest.ts';
import type { Machine } from './machine.ts';
import { noisyShare, type Spread, spreadOf } from './spread.ts';

/** One prompt of `batch` rows and the steps after it, in milliseconds. */
export interface Sample {
  /** Until the first token. */
  readonly first: number;
  /** Of one step of all rows. */
  readonly step: number;
}

export interface Figure {
  readonly batch: number;
  /** Tokens of each row before the steps. */
  readonly context: number;
  /** Milliseconds until the first token. */
  readonly first: Spread;
  /** Tokens a second, of all rows together. */
  readonly prefill: Spread;
  readonly decode: Spread;
  /** Bytes that a step reads; null where the spec in the model does not tell. */
  readonly read: number | null;
  /** What a step reads in a second, as a share of the bandwidth of memory. */
  readonly ofBandwidth: number | null;
  /** How many times as fast as the first model decoding is, round by round; null for the first itself. */
  readonly againstFirst: (Spread & { readonly verdict: Verdict }) | null;
}

export type Verdict = 'faster' | 'slower' | 'too noisy to tell';

export interface BenchedModel {
  readonly path: string;
  readonly model: string;
  readonly runtime: string;
  readonly cache: CacheForm;
  /** Of the file and the weights beside it. */
  readonly bytes: number;
  readonly loadMs: number;
  /** Bytes by which the process and those it started grew while the model was loaded and first run; null where the system does not tell. */
  readonly memory: number | null;
  readonly figures: readonly Figure[];
}

export interface BenchReport {
  readonly version: string;
  readonly date: string;
  readonly machine: Machine;
  /** Rounds that every model has finished, and those that were asked for. */
  readonly rounds: number;
  readonly wanted: number;
  readonly steps: number;
  /** Bytes a second; null where it was not measured. */
  readonly bandwidth: Spread | null;
  /** Figures whose quartiles are too far apart. */
  readonly noisy: readonly { readonly what: string; readonly share: number }[];
  readonly models: readonly BenchedModel[];
}

export interface Place {
  readonly batch: number;
  readonly context: number;
}

export interface FigureInput extends Place {
  readonly samples: readonly Sample[];
  /** Of the first model, in the same rounds. */
  readonly first?: readonly Sample[] | undefined;
  readonly read: number | null;
  /** Bytes a second. */
  readonly bandwidth: number | null;
}

export function figureOf({ batch, context, samples, first, read, bandwidth }: FigureInput): Figure {
  const step = spreadOf(samples.map((s) => s.step)).median;
  return {
    ...{ batch, context, read },
    first: spreadOf(samples.map((s) => s.first)),
    prefill: spreadOf(samples.map((s) => (1000 * batch * context) / s.first)),
    decode: spreadOf(samples.map((s) => (1000 * batch) / s.step)),
    ofBandwidth: read === null || bandwidth === null ? null : (1000 * read) / step / bandwidth,
    againstFirst: first ? compared(samples.map((s, round) => first[round]!.step / s.step)) : null,
  };
}

/** By chance alone, fewer rounds often lie on one side of one. */
const fewestToCompare = 5;

/** A difference is one when all of several rounds agree on it, and it is larger than what they disagree by. */
function compared(ratios: readonly number[]): Figure['againstFirst'] {
  const spread = spreadOf(ratios);
  const { median, low, high } = spread;
  const agree = ratios.every((ratio) => ratio > 1) || ratios.every((ratio) => ratio < 1);
  const clear = agree && ratios.length >= fewestToCompare && Math.abs(median - 1) > high - low;
  return { ...spread, verdict: clear ? (median > 1 ? 'faster' : 'slower') : 'too noisy to tell' };
}

/** The worst first. */
export function noisyFigures(
  models: readonly BenchedModel[],
  bandwidth: Spread | null,
): BenchReport['noisy'] {
  const found = models.flatMap(({ path, figures }) =>
    figures.flatMap(({ batch, context, prefill, decode }) => {
      const where = `${path}, ${placeText({ batch, context })}`;
      return [
        { what: `prefill of ${where}`, share: prefill.share },
        { what: `decode of ${where}`, share: decode.share },
      ];
    }),
  );
  const memory = bandwidth ? [{ what: 'bandwidth of memory', share: bandwidth.share }] : [];
  return [...memory, ...found].filter(({ share }) => share > noisyShare).sort((a, b) => b.share - a.share);
}

/** `1,024 tokens`, `4 rows of 128 tokens` */
export const placeText = ({ batch, context }: Place): string =>
  `${batch === 1 ? '' : `${batch} rows of `}${context.toLocaleString('en')} tokens`;
