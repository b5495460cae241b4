/** A model small enough to be read: attention with equal weights over a window, written by hand, with faults on request. */

import type { CacheForm, Manifest, ManifestPort } from '../../compiler/manifest.ts';
import { random } from '../../runtime/sample.ts';
import type { Feeds, Session } from '../../runtime/session.ts';
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
  readonly label?: string;
}

const [vocab, width] = [13, 4];
const next = random(7);
const weights = (n: number) => Float32Array.from({ length: n }, () => 2 * next() - 1);
const [embedding, head] = [weights(vocab * width), weights(width * vocab)];

export function tinyManifest({ cache = 'dynamic', slots, context, logits = 'all' }: TinyOptions): Manifest {
  const size = cache === 'static' ? 'total_sequence_length' : 'past_sequence_length';
  const port: ManifestPort = {
    name: 'v',
    input: 'past_key_values.0.value',
    output: 'present.0.value',
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
function values(feeds: Feeds, { cache = 'dynamic', dropsPort }: TinyOptions): Tensor {
  const ids = feeds['input_ids']!;
  const [batch = 0, length = 0] = ids.shape;
  const past = feeds['past_key_values.0.value'];
  const before = cache === 'static' ? feeds['past_length']!.data[0]! : (past?.shape[2] ?? 0);
  const total = cache === 'static' ? past!.shape[2]! : before + length;
  const all = empty('float32', [batch, 1, total, width]);
  for (let b = 0; b < batch; b++) {
    for (let s = 0; s < before + length; s++) {
      const kept = (b * (past?.shape[2] ?? 0) + s) * width;
      for (let d = 0; d < width; d++) {
        const own = embedding[ids.data[b * length + s - before]! * width + d]!;
        const old = dropsPort ? 0 : past?.data[kept + d];
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
    const before = cache === 'none' ? 0 : feeds['attention_mask']!.shape[1]! - length;
    const past = cache === 'static' ? feeds['past_length']!.data[0]! : before;
    const window = (options.window ?? 1e9) + (past > 0 ? (options.widensWindow ?? 0) : 0);
    const columns = feeds['attention_mask']?.shape[1] ?? length;
    const out = empty('float32', [batch, length, vocab]);
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < length; t++) {
        const at = past + t;
        const real = (s: number) =>
          leaksPadding || (feeds['attention_mask']?.data[b * columns + s] ?? 1) === 1;
        const keys = Array.from({ length: at + 1 }, (_, s) => s).filter((s) => s > at - window && real(s));
        const seen = look(all, b, at, keys, feeds['position_ids']?.data[b * length + t] ?? at);
        for (let v = 0; v < vocab; v++) {
          let x = 0;
          for (let d = 0; d < width; d++) x += seen[d]! * head[d * vocab + v]!;
          out.data[(b * length + t) * vocab + v] = x;
        }
      }
    }
    out.data[(batch * length - 1) * vocab]! += (options.adds ?? 0) + calls++ * (options.wavers ?? 0);
    const last = tensor('float32', [batch, 1, vocab], lastPositions(out));
    return { logits: logits === 'all' ? out : last, 'present.0.value': all };
  };
  return { label, manifest, run: async (feeds) => run(feeds), close: async () => {} };
}

function lastPositions({ shape, data }: Tensor): number[] {
  const [batch = 0, length = 0, size = 0] = shape;
  return Array.from({ length: batch }, (_, b) => [
    ...data.subarray((b * length + length - 1) * size, (b + 1) * length * size),
  ]).flat();
}
