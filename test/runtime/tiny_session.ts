/** A model small enough to be read: attention with equal weights over a window, written by hand, with faults on request. */

import type { CacheForm, Manifest, ManifestPort } from '../../compiler/ports/manifest.ts';
import type { Feeds, Session } from '../../compiler/ports/session.ts';
import { random } from '../../runtime/sample.ts';
import { empty, type Tensor, tensor } from '../../spec/tensor.ts';

export interface TinyOptions {
  readonly cache?: CacheForm;
  readonly slots?: number;
  readonly context?: number;
  readonly logits?: 'all' | 'last';
  /** Keys seen, the token's own included. */
  readonly window?: number;
  /** The past port is not read. */
  readonly dropsPort?: boolean;
  readonly leaksPadding?: boolean;
  /** The window is longer by this many keys when there is a past. */
  readonly widensWindow?: number;
  /** Added to one logit of the last position. */
  readonly adds?: number;
  /** The same, other at every call. */
  readonly wavers?: number;
  /** Ports hold their numbers backwards, and are read backwards. */
  readonly turnsPort?: boolean;
  /** The rows of the call are an output too; the whole cache then has them backwards, or the rows are those before. */
  readonly newRows?: true | 'other whole' | 'other rows';
  /** Inputs that calls may leave out; `miscounts` gives positions from zero in every call that leaves them out. */
  readonly optional?: readonly string[];
  readonly miscounts?: boolean;
  /** Of a static cache: a new buffer for each call; slots after the text are seen; a token too many is taken. */
  readonly wipesSlots?: boolean;
  readonly seesSlots?: boolean;
  readonly takesMore?: boolean;
  /** Logits are so many times as large. */
  readonly scale?: number;
  readonly label?: string;
}

const [vocab, width] = [13, 4];
const newRowsName = 'new_key_values.0.value';
const next = random(7);
const weights = (n: number) => Float32Array.from({ length: n }, () => 2 * next() - 1);
const [embedding, head] = [weights(vocab * width), weights(width * vocab)];

export function tinyManifest(options: TinyOptions): Manifest {
  const { cache = 'dynamic', slots, context, logits = 'all', newRows } = options;
  const size = cache === 'static' ? 'total_sequence_length' : 'past_sequence_length';
  const port: ManifestPort = {
    name: 'v',
    input: 'past_key_values.0.value',
    output: 'present.0.value',
    ...(newRows ? { newRows: newRowsName } : {}),
    rule: cache === 'static' ? 'in_place' : 'append',
    dtype: 'float32',
    shape: ['batch_size', 1, size, width],
    axis: 2,
    fill: 0,
  };
  const int64 = (name: string) => ({
    name,
    dtype: 'int64' as const,
    shape: ['batch_size', 'sequence_length'],
  });
  const names = ['input_ids', 'attention_mask', 'position_ids'];
  if (cache === 'static') names.push('past_length');
  const state = { name: port.input, dtype: port.dtype, shape: port.shape };
  return {
    version: 1,
    producer: 'test',
    model: 'tiny',
    spec: { name: 'tiny', text: '', sha256: '', includes: {} },
    config: [],
    weights: 'random:7',
    passes: [],
    cache,
    ...(slots === undefined ? {} : { slots }),
    ...(context === undefined ? {} : { context }),
    logits,
    vocab,
    storage: 'float32',
    compute: 'float32',
    inputs: cache === 'none' ? [int64('input_ids')] : [...names.map(int64), state],
    outputs: [{ name: 'logits', dtype: 'float32', shape: ['batch_size', 'sequence_length', vocab] }],
    ports: cache === 'none' ? [] : [port],
  };
}

/** Values of all columns so far, [B, 1, S, width]: what was kept, then the tokens' own. */
function values(feeds: Feeds, options: TinyOptions): Tensor {
  const { cache = 'dynamic', dropsPort, turnsPort, wipesSlots, takesMore } = options;
  const ids = feeds['input_ids']!;
  const [batch = 0, length = 0] = ids.shape;
  const past = feeds['past_key_values.0.value'];
  const before = cache === 'static' ? feeds['past_length']!.data[0]! : (past?.shape[2] ?? 0);
  const total = cache === 'static' ? past!.shape[2]! : before + length;
  if (before + length > total && !takesMore) throw new RangeError(`no slot ${total}`);
  const all = empty('float32', [batch, 1, total, width]);
  if (cache === 'static' && !wipesSlots) all.data.set(past!.data);
  for (let b = 0; b < batch; b++) {
    for (let s = 0; s < Math.min(total, before + length); s++) {
      const kept = (b * (past?.shape[2] ?? 0) + s) * width;
      for (let d = 0; d < width; d++) {
        const own = embedding[ids.data[b * length + s - before]! * width + d]!;
        const old = dropsPort ? 0 : past?.data[kept + (turnsPort ? width - 1 - d : d)];
        all.data[(b * total + s) * width + d] = s < before ? old! : own;
      }
    }
  }
  return all;
}

/** The mean of what one token sees, and a little of its position. */
function look(all: Tensor, b: number, at: number, keys: readonly number[], place: number): Float32Array {
  const seen = new Float32Array(width);
  const total = all.shape[2]!;
  for (const s of keys) {
    for (let d = 0; d < width; d++) seen[d]! += all.data[(b * total + s) * width + d]! / keys.length;
  }
  for (let d = 0; d < width; d++) seen[d]! += all.data[(b * total + at) * width + d]! + place / 100;
  return seen;
}

export function tinySession(options: TinyOptions = {}): Session {
  const { cache = 'dynamic', logits = 'all', leaksPadding, label = 'tiny' } = options;
  const manifest = tinyManifest(options);
  let calls = 0;
  const run = (feeds: Feeds): Record<string, Tensor> => {
    const [batch = 0, length = 0] = feeds['input_ids']!.shape;
    const all = values(feeds, options);
    const kept = options.turnsPort ? turned(all) : all;
    const before = feeds['past_key_values.0.value']?.shape[2] ?? 0;
    const past = cache === 'static' ? feeds['past_length']!.data[0]! : before;
    const window = (options.window ?? 1e9) + (past > 0 ? (options.widensWindow ?? 0) : 0);
    const columns = feeds['attention_mask']?.shape[1] ?? length;
    const out = empty('float32', [batch, length, vocab]);
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < length; t++) {
        const at = past + t;
        const real = (s: number) =>
          leaksPadding || (feeds['attention_mask']?.data[b * columns + s] ?? 1) === 1;
        const seen = Array.from({ length: at + 1 }, (_, s) => s)
          .filter(real)
          .slice(-window);
        const keys = options.seesSlots && at + 1 < all.shape[2]! ? [...seen, at + 1] : seen;
        const counted = options.miscounts ? t : at;
        const x = look(all, b, at, keys, feeds['position_ids']?.data[b * length + t] ?? counted);
        for (let v = 0; v < vocab; v++) {
          let y = 0;
          for (let d = 0; d < width; d++) y += x[d]! * head[d * vocab + v]!;
          out.data[(b * length + t) * vocab + v] = y * (options.scale ?? 1);
        }
      }
    }
    out.data[(batch * length - 1) * vocab]! += (options.adds ?? 0) + calls++ * (options.wavers ?? 0);
    const last = tensor('float32', [batch, 1, vocab], lastPositions(out));
    const rows = options.newRows
      ? rowsOf(kept, past, length, options.newRows === 'other rows' ? 1 : 0)
      : undefined;
    const whole = options.newRows === 'other whole' ? turned(kept) : kept;
    return {
      ...{ logits: logits === 'all' ? out : last, 'present.0.value': whole },
      ...(rows && { [newRowsName]: rows }),
    };
  };
  const { optional = [] } = options;
  return { label, manifest, optional, run: async (feeds) => run(feeds), close: async () => {} };
}

/** The slots of the call, or those `early` slots before them. */
function rowsOf({ shape, data }: Tensor, past: number, length: number, early: number): Tensor {
  const [batch = 0, , total = 0] = shape;
  const rows = Array.from({ length: batch * length }, (_, i) => {
    const slot = Math.floor(i / length) * total + Math.max(0, past + (i % length) - early);
    return [...data.subarray(slot * width, (slot + 1) * width)];
  });
  return tensor('float32', [batch, 1, length, width], rows.flat());
}

/** The numbers of each slot, the last first. */
const turned = ({ dtype, shape, data }: Tensor): Tensor => ({
  dtype,
  shape,
  data: data.map((_, i) => data[i - (i % width) + (width - 1 - (i % width))]!),
});

function lastPositions({ shape, data }: Tensor): number[] {
  const [batch = 0, length = 0, size = 0] = shape;
  return Array.from({ length: batch }, (_, b) => [
    ...data.subarray((b * length + length - 1) * size, (b + 1) * length * size),
  ]).flat();
}
