/** The memory of a model between calls: its ports, kept by the rules of the manifest, with the mask and positions that go with them. */

import type { Manifest } from '../compiler/ports/manifest.ts';
import type { Feeds, Session } from '../compiler/ports/session.ts';
import { type Diagnostic, error, Refusal } from '../spec/diagnostic.ts';
import { largest } from '../spec/long_list.ts';
import { type Tensor, tensor } from '../spec/tensor.ts';
import { type MemoryOptions, portMemory, sliceOf } from './port_memory.ts';

export type Rows = readonly (readonly number[])[];

export interface FeedOptions {
  /** 1 for a token, 0 for padding, in the shape of the tokens; all ones by default. */
  readonly real?: Rows;
  /** Outputs wanted besides logits and ports. */
  readonly fetches?: readonly string[];
  /** Inputs that the call leaves out. */
  readonly without?: readonly string[];
  /** Whether the call is for the memory alone. */
  readonly leavesLogits?: boolean;
}

export interface PromptOptions {
  /** Aborted, it ends a prompt between two calls, with a Refusal that says nothing. */
  readonly signal?: AbortSignal;
  /** Told after each call how many columns of the prompt are fed, of how many. */
  readonly onPrompt?: (done: number, total: number) => void;
}

export interface DecoderOptions extends MemoryOptions {
  /** Tokens of a prompt that one call takes, in all rows. */
  readonly tokensAtOnce?: number;
}

/** As fast as whole prompts: the weights are read once for so many tokens, and what a call takes besides stays in the processor's cache. */
const usualTokensAtOnce = 256;
/** In a batch of many rows each call has to copy the memory of all. */
const fewestColumns = 32;

export interface Decoder {
  /** Feeds tokens [B][T]; returns all outputs but the ports: `logits` [B, T or 1, V] and what was fetched. */
  feed(tokens: Rows, options?: FeedOptions): Promise<Readonly<Record<string, Tensor>>>;
  /** Feeds whole prompts, padded on the left to one length, in pieces where they are long; returns logits [B, n, V], n at least 1, of the last piece. */
  prefill(rows: Rows, options?: PromptOptions): Promise<Tensor>;
  /** Feeds one token per row; returns logits [B, 1, V]. */
  step(tokens: readonly number[]): Promise<Tensor>;
  /** Goes on with these rows alone, given in ascending order. */
  keep(rows: readonly number[]): void;
  /** Repeats every row `times` times, so that one prefill serves many continuations. */
  repeat(times: number): void;
  /** Columns fed so far, padding included. */
  length(): number;
  /** The past that the next call will be given, by the names of the ports' outputs; empty before the first call. */
  memory(): ReadonlyMap<string, Tensor>;
}

const refuse = (diagnostic: Diagnostic): never => {
  throw new Refusal([diagnostic]);
};

/** Rows padded on the left to the longest, and the mask that says so. */
export function padLeft(rows: Rows, filler = 0): { readonly tokens: Rows; readonly real: Rows } {
  const length = largest(
    rows.map((r) => r.length),
    0,
  );
  const pad = (row: readonly number[], value: number) => Array<number>(length - row.length).fill(value);
  return {
    tokens: rows.map((r) => [...pad(r, filler), ...r]),
    real: rows.map((r) => [...pad(r, 0), ...r.map(() => 1)]),
  };
}

/** Positions as Hugging Face clients make them: the running count of real tokens less one; 1 at padding. */
const positionsOf = (real: readonly number[]): number[] => {
  let seen = 0;
  return real.map((r) => (r ? seen++ : 1));
};

interface Call {
  readonly tokens: Rows;
  /** The mask of all columns so far, including these. */
  readonly real: Rows;
  readonly before: number;
  /** Slots of a static cache. */
  readonly slots: number | undefined;
  /** Columns of the past that the call is given, where that is more than `before`. */
  readonly past: number | undefined;
}

const zeros = (count: number): readonly number[] => Array<number>(count).fill(0);

/** Slots that hold no token lie after all of a static cache, and between the past and the call elsewhere. */
const maskOf = ({ real, before, slots, past = before }: Call): Rows =>
  real.map((r) =>
    slots === undefined
      ? [...r.slice(0, before), ...zeros(past - before), ...r.slice(before)]
      : [...r, ...zeros(slots - r.length)],
  );

/** All inputs besides ports that a model may have, under the names that ONNX clients use. */
function boundaryFeeds(call: Call): Feeds {
  const { tokens, real, before } = call;
  const batch = tokens.length;
  const length = tokens[0]!.length;
  const int64 = (rows: Rows) => tensor('int64', [batch, rows[0]!.length], rows.flat());
  return {
    input_ids: int64(tokens),
    attention_mask: int64(maskOf(call)),
    position_ids: int64(real.map((r) => positionsOf(r).slice(r.length - length))),
    past_length: tensor('int64', [1], [before]),
  };
}

function checkTokens(tokens: Rows, batch: number | undefined, vocab: number): void {
  const length = tokens[0]?.length ?? 0;
  if (length === 0) refuse(error('N705', 'the prompt has no tokens', { hint: 'give at least one token' }));
  if (tokens.some((row) => row.length !== length) || (batch !== undefined && tokens.length !== batch)) {
    const found = `rows of ${tokens.map((r) => r.length).join(', ')}`;
    refuse(error('N705', 'rows of one call differ in length or number', { found }));
  }
  const bad = tokens.flat().find((t) => !Number.isInteger(t) || t < 0 || t >= vocab);
  if (bad !== undefined) {
    const expected = `whole numbers from 0 to ${vocab - 1}`;
    refuse(error('N705', 'token id out of range', { expected, found: String(bad) }));
  }
}

/** Padding takes slots but no positions, so the two limits are checked separately. */
function checkRoom(real: Rows, { slots, context }: Manifest): void {
  const columns = real[0]!.length;
  if (slots !== undefined && columns > slots) {
    const [expected, found] = [`at most ${slots} slots`, `${columns} tokens, padding included`];
    refuse(
      error('N706', 'the text outgrows the static cache', {
        expected,
        found,
        hint: 'compile again with --cache static:N',
      }),
    );
  }
  const longest = largest(real.map((r) => r.reduce((a, b) => a + b, 0)));
  if (context !== undefined && longest > context) {
    const [expected, found] = [`at most ${context} positions`, `${longest} tokens`];
    const hint = 'compile again with --max-seq-len N; a table of learned positions does not grow';
    refuse(error('N706', 'the text outgrows the context', { expected, found, hint }));
  }
}

/** Chooses the inputs that a session has; an input beyond those offered and the ports is refused. */
function selectFeeds(offered: Feeds, { inputs, ports }: Manifest, without: readonly string[]): Feeds {
  const fed: Record<string, Tensor> = {};
  const known = new Set(ports.map((p) => p.input));
  for (const { name } of inputs) {
    if (without.includes(name)) continue;
    const value = offered[name];
    if (value) fed[name] = value;
    else if (!known.has(name)) {
      refuse(error('N704', `the model wants an input that no client gives: ${name}`));
    }
  }
  return fed;
}

/** Whether rows of different length can share a call. */
export const takesMask = ({ inputs }: Manifest): boolean => inputs.some((i) => i.name === 'attention_mask');

const checkMask = (real: Rows, manifest: Manifest): void => {
  if (takesMask(manifest)) return;
  if (real.every((row) => row.every((r) => r === 1))) return;
  const hint = 'compile with --cache dynamic or static, or give rows of one length';
  refuse(error('N705', 'rows of different length need a model with an attention_mask', { hint }));
};

/** A model with its memory, with the same calls for every form of cache. Without a cache all tokens are fed again each time. */
export function decoder(
  session: Session,
  { tokensAtOnce = usualTokensAtOnce, ...options }: DecoderOptions = {},
): Decoder {
  const { manifest } = session;
  const stateless = manifest.cache === 'none';
  const memory = portMemory(manifest, options);
  let history: Rows = [];
  let marks: Rows = [];

  const call = async (tokens: Rows, real: Rows, options: FeedOptions) => {
    const { fetches = [], without = [], leavesLogits = false } = options;
    const before = stateless ? 0 : (history[0]?.length ?? 0);
    const past = memory.feeds(tokens.length);
    const own = { tokens, real, before, slots: manifest.slots, past: memory.columns() };
    const feeds = selectFeeds(boundaryFeeds(own), manifest, without);
    const logits = leavesLogits && memory.wanted.length > 0 ? [] : ['logits'];
    const outputs = await session.run({ ...feeds, ...past }, [...logits, ...fetches, ...memory.wanted]);
    memory.take(outputs, before);
    return withoutPorts(outputs, manifest);
  };
  /** The text with these tokens, and its mask; refuses what the model cannot take. */
  const grown = (tokens: Rows, real: Rows): { readonly columns: Rows; readonly mask: Rows } => {
    checkTokens(tokens, history.length || undefined, manifest.vocab);
    const columns = tokens.map((row, b) => [...(history[b] ?? []), ...row]);
    const mask = real.map((row, b) => [...(marks[b] ?? []), ...row]);
    checkMask(mask, manifest);
    checkRoom(mask, manifest);
    return { columns, mask };
  };
  const feed = async (tokens: Rows, options: FeedOptions = {}) => {
    const { columns, mask } = grown(tokens, options.real ?? tokens.map((row) => row.map(() => 1)));
    const outputs = await call(stateless ? columns : tokens, mask, options);
    [history, marks] = [columns, mask];
    return stateless ? lastColumns(outputs, tokens[0]!.length) : outputs;
  };
  return {
    feed,
    prefill: async (rows, options = {}) => {
      const padded = padLeft(rows);
      grown(padded.tokens, padded.real); // refuses before the first piece what the last one would
      const width = Math.max(fewestColumns, Math.floor(tokensAtOnce / rows.length));
      return feedInPieces(feed, padded, stateless ? Number.POSITIVE_INFINITY : width, options);
    },
    step: async (tokens) => (await feed(tokens.map((t) => [t])))['logits']!,
    keep: (rows) => {
      history = rows.map((row) => history[row]!);
      marks = rows.map((row) => marks[row]!);
      memory.keep(rows);
    },
    repeat: (times) => {
      history = repeated(history, times);
      marks = repeated(marks, times);
      memory.repeat(times);
    },
    length: () => history[0]?.length ?? 0,
    memory: () => memory.held(),
  };
}

async function feedInPieces(
  feed: Decoder['feed'],
  { tokens, real }: ReturnType<typeof padLeft>,
  width: number,
  { signal, onPrompt }: PromptOptions,
): Promise<Tensor> {
  const total = tokens[0]!.length;
  for (let at = 0; ; at += width) {
    if (signal?.aborted) throw new Refusal([]);
    const piece = (all: Rows): Rows => all.map((row) => row.slice(at, at + width));
    const leavesLogits = at + width < total;
    const { logits } = await feed(piece(tokens), { real: piece(real), leavesLogits });
    onPrompt?.(Math.min(total, at + width), total);
    if (!leavesLogits) return logits!;
  }
}

const repeated = (rows: Rows, times: number): Rows =>
  rows.flatMap((row) => Array<readonly number[]>(times).fill(row));

function withoutPorts(all: Readonly<Record<string, Tensor>>, { ports }: Manifest): Record<string, Tensor> {
  const names = new Set(ports.flatMap((p) => [p.output, p.newRows]));
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names.has(name)));
}

/** The last `length` of N columns of outputs [B, N, ...]. */
function lastColumns(outputs: Readonly<Record<string, Tensor>>, length: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, t]) => [name, columnsOf(t, Math.max(0, (t.shape[1] ?? 0) - length))]),
  );
}

/** Columns from `start` up to `stop` of a tensor [B, N, ...]. */
export const columnsOf = (t: Tensor, start: number, stop = t.shape[1]!): Tensor => sliceOf(t, 1, start, stop);
