/** Text generation as a stream of token ids: prefill once, then one step per token. */

import type { Tensor } from '../spec/tensor.ts';
import { decoder } from './cache.ts';
import { random, type SampleOptions, sample } from './sample.ts';
import type { Session } from './session.ts';

export interface GenerateOptions extends SampleOptions {
  readonly maxTokens: number;
  /** Ends the text; the token itself is yielded. */
  readonly stop?: Iterable<number>;
  readonly seed?: number;
}

/** Logits of the last position of row `row`. */
export function lastLogits({ shape, data }: Tensor, row = 0): Float32Array | Float64Array | Uint8Array {
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
  const stop = new Set(options.stop);
  const next = random(options.seed ?? 42);
  const cache = decoder(session);
  let logits = await cache.prefill([prompt]);
  for (let made = 0; made < options.maxTokens; made++) {
    const token = sample(lastLogits(logits), options, next);
    yield token;
    if (stop.has(token) || made + 1 === options.maxTokens) return;
    logits = await cache.step([token]);
  }
}
