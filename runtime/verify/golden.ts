/** Numbers of another implementation: tokens and their logits, from the bytes of a safetensors file. */

import type { Json } from '../../compiler/checkpoint/checkpoint.ts';
import { parseJson } from '../../compiler/checkpoint/strict_json.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { own } from '../../spec/own.ts';
import { product, type Tensor } from '../../spec/tensor.ts';
import type { Rows } from '../cache.ts';
import { fromHalf } from '../sessions/half.ts';

export interface Golden {
  /** Its name in tables and messages. */
  readonly name: string;
  readonly tokens: Rows;
  /** [B, N, V]: of the last N positions of `tokens`. */
  readonly logits: Tensor;
  /** A prompt, the tokens that follow it, and the logits that chose each of them, [B, S, V]. */
  readonly steps?: { readonly prompt: Rows; readonly tokens: Rows; readonly logits?: Tensor };
}

const mostGoldenBytes = 100_000_000;

const refuse = (file: string, why: string, hint?: string): never => {
  throw new Refusal([error('N707', why, { file, ...(hint ? { hint } : {}) })]);
};

type Read = (view: DataView, at: number) => number;

const formats: Readonly<Record<string, readonly [bytes: number, read: Read]>> = {
  F64: [8, (v, at) => v.getFloat64(at, true)],
  F32: [4, (v, at) => v.getFloat32(at, true)],
  F16: [2, (v, at) => fromHalf(v.getUint16(at, true))],
  BF16: [2, (v, at) => bfloat(v.getUint16(at, true))],
  I64: [8, (v, at) => Number(v.getBigInt64(at, true))],
  I32: [4, (v, at) => v.getInt32(at, true)],
};

const word = new DataView(new ArrayBuffer(4));
const bfloat = (bits: number): number => {
  word.setUint32(0, bits * 2 ** 16);
  return word.getFloat32(0);
};

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCounts = (value: Json | undefined): value is readonly number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && Number(n) >= 0);

function readEntry(view: DataView, data: number, name: string, entry: Json, file: string): Tensor {
  const said = isObject(entry) ? entry : {};
  const [dtype, shape, range] = [String(said['dtype']), said['shape'], said['data_offsets']];
  const format = own(formats, dtype);
  if (!format) return refuse(file, `${name} is stored as ${dtype}, which a golden file cannot hold`);
  if (!isCounts(shape) || !isCounts(range)) return refuse(file, `the header says no place for ${name}`);
  const [bytes, read] = format;
  const [start = 0, stop = 0] = range;
  const size = product(shape);
  if (stop - start !== size * bytes || data + stop > view.byteLength)
    return refuse(file, `${name} does not lie within the file as its shape needs`);
  const whole = dtype.startsWith('I');
  const values = whole ? new Float64Array(size) : new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = read(view, data + start + i * bytes);
  return { dtype: whole ? 'int64' : 'float32', shape, data: values };
}

/** All tensors of a safetensors file that is small enough to lie in memory. */
export function readTensors(
  bytes: Uint8Array,
  file: string,
  wanted?: readonly string[],
): ReadonlyMap<string, Tensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? mostGoldenBytes : Number(view.getBigUint64(0, true));
  if (length >= mostGoldenBytes || 8 + length > bytes.length) refuse(file, 'not a safetensors file');
  const header = parseJson(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  if ('problem' in header || !isObject(header.value)) return refuse(file, 'not a safetensors file');
  const entries = Object.entries(header.value).filter(
    ([name]) => name !== '__metadata__' && (!wanted || wanted.includes(name)),
  );
  return new Map(
    entries.map(([name, entry]) => [name, readEntry(view, 8 + length, name, entry, file)] as const),
  );
}

const names = {
  tokens: ['tokens', 'input_ids', 'ids'],
  logits: ['logits'],
  prompt: ['prompt'],
  generated: ['generated'],
  steps: ['step_logits'],
} as const;

const rowsOf = (name: string, { shape, data, dtype }: Tensor, file: string): Rows => {
  const [batch = 1, length = 0] = shape.length === 1 ? [1, shape[0]] : shape;
  if (shape.length > 2 || shape.length === 0 || dtype !== 'int64' || length === 0)
    refuse(file, `${name} must be whole numbers of shape [rows, tokens], found ${show(shape)}`);
  return Array.from({ length: batch }, (_, b) => [...data.subarray(b * length, (b + 1) * length)]);
};

const show = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Logits of rank 3; [N, V] is one row. */
function logitsOf(name: string, found: Tensor, rows: Rows, vocab: number, file: string): Tensor {
  const t = found.shape.length === 2 ? { ...found, shape: [1, ...found.shape] } : found;
  const [batch, positions = 0, width] = t.shape;
  const fits = t.shape.length === 3 && batch === rows.length && positions <= rows[0]!.length;
  if (!fits || positions === 0 || width !== vocab || t.dtype !== 'float32') {
    const expected = `${name} [${rows.length}, ${rows[0]!.length}, ${vocab}] for these tokens and this model`;
    const hint = 'a golden file holds tokens [B, T] and the logits [B, T, V] that they give';
    throw new Refusal([
      error('N707', `${name} does not fit`, { file, expected, found: show(found.shape), hint }),
    ]);
  }
  return t;
}

/** `vocab` is the model's own; another width is refused, as is a file without tokens or logits. */
export function readGolden(bytes: Uint8Array, file: string, vocab: number): Golden {
  const tensors = readTensors(bytes, file, Object.values(names).flat());
  const find = (which: keyof typeof names): Tensor | undefined =>
    names[which].map((n) => tensors.get(n)).find((t) => t !== undefined);
  const missing = (['tokens', 'logits'] as const).filter((which) => !find(which));
  if (missing.length > 0) {
    refuse(
      file,
      `no ${missing.join(' and no ')} in it`,
      'a golden file holds tokens [B, T] and logits [B, T, V]',
    );
  }
  const tokens = rowsOf('tokens', find('tokens')!, file);
  const golden = { name: file, tokens, logits: logitsOf('logits', find('logits')!, tokens, vocab, file) };
  const [prompt, generated, steps] = [find('prompt'), find('generated'), find('steps')];
  if (!prompt || !generated) return golden;
  const [before, after] = [rowsOf('prompt', prompt, file), rowsOf('generated', generated, file)];
  if (before.length !== after.length) refuse(file, 'prompt and generated differ in rows');
  const logits = steps && logitsOf('step_logits', steps, after, vocab, file);
  return { ...golden, steps: { prompt: before, tokens: after, ...(logits ? { logits } : {}) } };
}
