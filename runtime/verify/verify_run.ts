/** Runs a text through a session in the ways that checks compare: at once, in pieces, padded. */

import type { Session } from '../../compiler/ports/session.ts';
import { empty, product, type Tensor } from '../../spec/tensor.ts';
import { columnsOf, decoder, type Rows } from '../cache.ts';
import { type MemoryOptions, writeRows } from '../port_memory.ts';
import { random } from '../sample.ts';

/** Seeded tokens, every one of them in the vocabulary. */
export function randomRows(batch: number, length: number, vocab: number, seed: number): Rows {
  const next = random(seed);
  const row = () => Array.from({ length }, () => Math.floor(next() * vocab));
  return Array.from({ length: batch }, row);
}

/** One call, as `bisect` can repeat it. */
export interface Call {
  readonly tokens: Rows;
  readonly real?: Rows;
  /** Inputs that the call leaves out. */
  readonly without?: readonly string[];
}

/** Columns `start` up to `stop` of every row. */
export const columns = (rows: Rows, start: number, stop: number): Rows =>
  rows.map((r) => r.slice(start, stop));

/** `rows` cut into calls of the given lengths. */
export function cutInto(rows: Rows, lengths: readonly number[], real?: Rows): readonly Call[] {
  let at = 0;
  return lengths.map((n) => {
    const [start, stop] = [at, at + n];
    at = stop;
    const tokens = columns(rows, start, stop);
    return real ? { tokens, real: columns(real, start, stop) } : { tokens };
  });
}

/** Tensors [B, n, V] one after the other along n. */
export function joinColumns(parts: readonly Tensor[]): Tensor {
  const [batch = 0, , ...rest] = parts[0]?.shape ?? [];
  const total = parts.reduce((n, t) => n + t.shape[1]!, 0);
  const joined = empty(parts[0]?.dtype ?? 'float32', [batch, total, ...rest]);
  let at = 0;
  for (const part of parts) {
    writeRows(joined, part, 1, at);
    at += part.shape[1]!;
  }
  return joined;
}

/** Columns of [B, n, V] in the order asked for. */
export const pickColumns = (t: Tensor, places: readonly number[]): Tensor =>
  joinColumns(places.map((i) => columnsOf(t, i, i + 1)));

/** Row `b` as a batch of one. */
export function rowOf({ dtype, shape, data }: Tensor, b: number): Tensor {
  const inner = product(shape.slice(1));
  return { dtype, shape: [1, ...shape.slice(1)], data: data.slice(b * inner, (b + 1) * inner) };
}

/** The lengths of text after which calls of these lengths give logits. */
export function endsOf({ manifest }: Session, lengths: readonly number[]): readonly number[] {
  let at = 0;
  return lengths.flatMap((n) => {
    const first = manifest.logits === 'all' ? at + 1 : at + n;
    at += n;
    return Array.from({ length: at - first + 1 }, (_, i) => first + i);
  });
}

/** Few, so that buffers grow, and have slots that hold no token, in texts as short as those of checks. */
const slotsAtOnce = 6;

/** The result of consecutive calls. */
export interface Outcome {
  /** Logits [B, n, V] of every token, or of the last token of each call. */
  readonly logits: Tensor;
  /** The memory after the last call, by the names of the ports' outputs. */
  readonly memory: ReadonlyMap<string, Tensor>;
}

export async function outcomeOf(
  session: Session,
  calls: readonly Call[],
  options: MemoryOptions = {},
): Promise<Outcome> {
  const cache = decoder(session, { slotsAtOnce, ...options });
  const parts: Tensor[] = [];
  for (const { tokens, ...given } of calls) parts.push((await cache.feed(tokens, given))['logits']!);
  return { logits: joinColumns(parts), memory: cache.memory() };
}

export const logitsOf = async (session: Session, calls: readonly Call[]): Promise<Tensor> =>
  (await outcomeOf(session, calls)).logits;

/** Logits after the first `ends[i]` tokens, each text in one call, and the memory after the longest. */
export async function outcomeAt(session: Session, rows: Rows, ends: readonly number[]): Promise<Outcome> {
  if (session.manifest.logits === 'all') {
    const [first, last] = [ends[0]!, ends.at(-1)!];
    const { logits, memory } = await outcomeOf(session, [{ tokens: columns(rows, 0, last) }]);
    if (last - first + 1 === ends.length) return { logits: columnsOf(logits, first - 1, last), memory };
    return {
      logits: pickColumns(
        logits,
        ends.map((end) => end - 1),
      ),
      memory,
    };
  }
  const parts: Outcome[] = [];
  for (const end of ends) parts.push(await outcomeOf(session, [{ tokens: columns(rows, 0, end) }]));
  return { logits: joinColumns(parts.map((p) => p.logits)), memory: parts.at(-1)!.memory };
}
