/** A Llama with random float32 weights as a GGUF file, of the same depth, width, heads, vocabulary and parameters as a nanochat. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { numbers, type Shape } from '../make_checkpoint.ts';

/** https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
const kinds = { uint32: 4, float32: 6, string: 8, array: 9, int32: 5 } as const;
const alignment = 32;

const u32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
};
const u64 = (n: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  return bytes;
};
const f32 = (x: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(x);
  return bytes;
};
const text = (s: string): Buffer => Buffer.concat([u64(Buffer.byteLength(s)), Buffer.from(s)]);
const list = (kind: number, items: readonly Buffer[]): Buffer =>
  Buffer.concat([u32(kind), u64(items.length), ...items]);
const entry = (name: string, kind: number, value: Buffer): Buffer =>
  Buffer.concat([text(name), u32(kind), value]);

interface Tensor {
  readonly name: string;
  /** The fastest axis first, as ggml has it. */
  readonly shape: readonly number[];
}

function tensorsOf({ vocab_size: vocab, n_layer, n_embd: n }: Shape): readonly Tensor[] {
  const inner = gatedWidth(n);
  const layers = Array.from({ length: n_layer }, (_, i): readonly Tensor[] => {
    const of = (name: string, ...shape: number[]): Tensor => ({ name: `blk.${i}.${name}.weight`, shape });
    return [
      ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((name) => of(name, n, n)),
      ...[of('attn_norm', n), of('ffn_norm', n), of('ffn_gate', n, inner), of('ffn_up', n, inner)],
      of('ffn_down', inner, n),
    ];
  });
  const ends = [
    { name: 'token_embd.weight', shape: [n, vocab] },
    { name: 'output_norm.weight', shape: [n] },
    { name: 'output.weight', shape: [n, vocab] },
  ];
  return [...ends, ...layers.flat()];
}

/** Three matrices of this width have as many numbers as nanochat's two of four times the width. */
const gatedWidth = (n: number): number => Math.round((8 * n) / 3 / 32) * 32;

function header(shape: Shape, tensors: readonly Tensor[]): Buffer {
  const { vocab_size, n_layer, n_head, n_kv_head, n_embd, sequence_len } = shape;
  const whole = (name: string, n: number): Buffer => entry(`llama.${name}`, kinds.uint32, u32(n));
  // Texts of tokens do not matter, but llama.cpp wants bytes among them and a merge.
  const tokens = Array.from({ length: vocab_size }, (_, i) => text(`t${i}`));
  const entries = [
    entry('general.architecture', kinds.string, text('llama')),
    entry('general.name', kinds.string, text('bench')),
    ...[
      whole('context_length', sequence_len),
      whole('embedding_length', n_embd),
      whole('block_count', n_layer),
    ],
    ...[whole('feed_forward_length', gatedWidth(n_embd)), whole('attention.head_count', n_head)],
    ...[whole('attention.head_count_kv', n_kv_head), whole('vocab_size', vocab_size)],
    whole('rope.dimension_count', n_embd / n_head),
    entry('llama.attention.layer_norm_rms_epsilon', kinds.float32, f32(1e-6)),
    entry('tokenizer.ggml.model', kinds.string, text('gpt2')),
    entry('tokenizer.ggml.pre', kinds.string, text('gpt-2')),
    entry('tokenizer.ggml.tokens', kinds.array, list(kinds.string, tokens)),
    entry(
      'tokenizer.ggml.token_type',
      kinds.array,
      list(
        kinds.int32,
        tokens.map(() => u32(1)),
      ),
    ),
    entry('tokenizer.ggml.merges', kinds.array, list(kinds.string, [text('t 1')])),
    entry('tokenizer.ggml.bos_token_id', kinds.uint32, u32(0)),
    entry('tokenizer.ggml.eos_token_id', kinds.uint32, u32(vocab_size - 1)),
  ];
  let offset = 0;
  const infos = tensors.map(({ name, shape: sizes }) => {
    const info = [text(name), u32(sizes.length), ...sizes.map(u64), u32(0), u64(offset)];
    offset += padded(4 * elementsOf(sizes));
    return Buffer.concat(info);
  });
  const start = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  return Buffer.concat([...start, ...entries, ...infos]);
}

const elementsOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);
const padded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

export function writeGguf(path: string, shape: Shape): void {
  const tensors = tensorsOf(shape);
  const file = openSync(path, 'w');
  const head = header(shape, tensors);
  writeSync(file, Buffer.concat([head, Buffer.alloc(padded(head.length) - head.length)]));
  for (const [seed, { shape: sizes }] of tensors.entries()) {
    const bytes = 4 * elementsOf(sizes);
    for (const piece of numbers(seed, bytes)) writeSync(file, piece);
    writeSync(file, Buffer.alloc(padded(bytes) - bytes));
  }
  closeSync(file);
}
