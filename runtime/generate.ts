/** Text generation as a stream of tokens: prefill once, then one step per token, for one row or many. */

import type { Session } from '../compiler/ports/session.ts';
import type { Tensor } from '../spec/tensor.ts';
import { type Decoder, decoder, type PromptOptions, type Rows } from './cache.ts';
import { repeatRows } from './port_memory.ts';
import { penalised, type Random, random, type SampleOptions, sample } from './sample.ts';

export interface GenerateOptions extends SampleOptions, PromptOptions {
  /** Most tokens of each row, including forced ones. */
  readonly maxTokens: number;
  /** Tokens that end a row; the token itself is yielded. */
  readonly stop?: Iterable<number>;
  /** Row r draws with the seed `seed + r`, so that it gives the same text alone and in a batch. */
  readonly seed?: number;
}

export interface RowsOptions extends GenerateOptions {
  /** Continuations of each prompt; the prompts are computed once. Row p * samples + s is the s-th of prompt p. */
  readonly samples?: number;
  /** Called with every token but those of `stop`; true ends the row after it. */
  readonly until?: (row: number, token: number) => boolean;
  /** Called with every token; the tokens that it returns follow instead of the model's own choices, as the result of a tool does. */
  readonly force?: (row: number, token: number) => readonly number[];
}

/** Why a row ended: at a token of `stop`, by `until`, or at `maxTokens`. */
export type End = 'stop' | 'until' | 'length';

/** One token of one row. */
export interface Step {
  readonly row: number;
  readonly token: number;
  /** Whether it came from `force` and was not chosen by the model. */
  readonly forced: boolean;
  /** Set with the last token of a row. */
  readonly end?: End;
}

/** Logits of the last position of row `row`. */
function lastLogits({ shape, data }: Tensor, row = 0): Float32Array | Float64Array | Uint8Array {
  const [, positions = 1, vocab = 1] = shape;
  const start = (row * positions + positions - 1) * vocab;
  return data.subarray(start, start + vocab);
}

/** Tokens that follow `prompt`; refuses (N705, N706) as `decoder` does. */
export async function* generate(
  session: Session,
  prompt: readonly number[],
  options: GenerateOptions,
): AsyncGenerator<number, void, void> {
  for await (const { token } of generateRows(session, [prompt], options)) yield token;
}

/** The same for several prompts at once, padded on the left; tokens come column by column, in the order of the rows. */
export async function* generateRows(
  session: Session,
  prompts: Rows,
  { samples = 1, ...options }: RowsOptions,
): AsyncGenerator<Step, void, void> {
  const cache = decoder(session);
  let logits = await cache.prefill(prompts, options);
  if (samples > 1) {
    cache.repeat(samples);
    logits = repeatRows(logits, samples);
  }
  const rows = prompts.flatMap((prompt) => Array<readonly number[]>(samples).fill(prompt));
  yield* continueRows(cache, logits, rows, options);
}

interface Row {
  readonly index: number;
  readonly next: Random;
  readonly seen: number[];
  /** Forced tokens still to come. */
  queue: readonly number[];
}

/**
 * Goes on after `logits` [B, T or 1, V], which the decoder gave for its last tokens. The last token of a row is not fed:
 * whoever goes on with the same decoder feeds it first. `seen` is what a repetition penalty counts, row by row.
 */
export async function* continueRows(
  cache: Decoder,
  first: Tensor,
  seen: Rows,
  options: Omit<RowsOptions, 'samples'>,
): AsyncGenerator<Step, void, void> {
  const { maxTokens, seed = 42, force } = options;
  if (maxTokens < 1) return;
  const ends = endOf(options);
  let live: readonly Row[] = seen.map((tokens, r) => ({
    index: r,
    next: random(seed + r),
    seen: [...tokens],
    queue: [],
  }));
  let logits = first;
  for (let made = 1; ; made++) {
    const column: number[] = [];
    const kept: number[] = [];
    for (const [place, row] of live.entries()) {
      const { index: r } = row;
      const [given, ...queue] = row.queue;
      const token = given ?? chosen(lastLogits(logits, place), row, options);
      row.queue = given === undefined ? (force?.(r, token) ?? []) : queue;
      row.seen.push(token);
      const end = ends(r, token, made);
      if (!end) {
        column.push(token);
        kept.push(place);
      }
      yield { row: r, token, forced: given !== undefined, ...(end ? { end } : {}) };
    }
    if (kept.length === 0) return;
    if (kept.length < live.length) {
      cache.keep(kept);
      live = kept.map((place) => live[place]!);
    }
    logits = await cache.step(column);
  }
}

function chosen(logits: ArrayLike<number>, { next, seen }: Row, options: SampleOptions): number {
  const { repetitionPenalty: penalty = 1 } = options;
  return sample(penalty === 1 ? logits : penalised(logits, seen, penalty), options, next);
}

function endOf({ stop, until, maxTokens }: Omit<RowsOptions, 'samples'>) {
  const stops = new Set(stop);
  return (row: number, token: number, made: number): End | undefined => {
    if (stops.has(token)) return 'stop';
    if (until?.(row, token)) return 'until';
    return made >= maxTokens ? 'length' : undefined;
  };
}
