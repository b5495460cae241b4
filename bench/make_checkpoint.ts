/**
 * A nanochat of the first generation with random float32 weights, written as torch would write it and without torch.
 * Nothing large is held in memory.
 */

import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as pickle from '../test/compiler/checkpoint/pickle_bytes.ts';

/** Under the names of nanochat's own config. */
export interface Shape {
  readonly sequence_len: number;
  readonly vocab_size: number;
  readonly n_layer: number;
  readonly n_head: number;
  readonly n_kv_head: number;
  readonly n_embd: number;
}

/** A model of this depth as nanochat sizes it: heads of 128, and 64 of width for each layer. */
export const ofDepth = (depth: number): Shape => ({
  ...{ sequence_len: 2048, vocab_size: 65536, n_layer: depth, n_embd: 64 * depth },
  ...{ n_head: depth / 2, n_kv_head: depth / 2 },
});

interface Tensor {
  readonly key: string;
  readonly shape: readonly [rows: number, columns: number];
}

function tensorsOf({ vocab_size, n_layer, n_embd: n }: Shape): readonly Tensor[] {
  const layers = Array.from({ length: n_layer }, (_, i) => `transformer.h.${i}`).flatMap((at): Tensor[] => [
    ...['c_q', 'c_k', 'c_v', 'c_proj'].map(
      (name): Tensor => ({ key: `${at}.attn.${name}.weight`, shape: [n, n] }),
    ),
    { key: `${at}.mlp.c_fc.weight`, shape: [4 * n, n] },
    { key: `${at}.mlp.c_proj.weight`, shape: [n, 4 * n] },
  ]);
  const ends = ['transformer.wte.weight', 'lm_head.weight'];
  return [...ends.map((key): Tensor => ({ key, shape: [vocab_size, n] })), ...layers];
}

const count = ({ shape }: Tensor): number => shape[0] * shape[1];

/** Writes `model_000000.pt` and `meta_000000.json` into a folder; gives the size of the first in bytes. */
export function makeCheckpoint(folder: string, shape: Shape): number {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'meta_000000.json'), JSON.stringify({ step: 0, model_config: shape }));
  const tensors = tensorsOf(shape);
  const zip = openSync(join(folder, 'model_000000.pt'), 'w');
  const archive = new StoredZip(zip);
  archive.add('archive/data.pkl', [pickleOf(tensors)]);
  archive.add('archive/byteorder', [Buffer.from('little')]);
  for (const [i, tensor] of tensors.entries())
    archive.add(`archive/data/${i}`, numbers(i, 4 * count(tensor)));
  archive.add('archive/version', [Buffer.from('3\n')]);
  const bytes = archive.end();
  closeSync(zip);
  return bytes;
}

/** `length` bytes of small floats from a generator with this seed, in pieces. */
export function* numbers(seed: number, length: number): Generator<Buffer> {
  const floats = new Float32Array(1 << 18);
  let state = seed * 2654435761 + 1;
  for (let i = 0; i < floats.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    floats[i] = state / 2 ** 37;
  }
  const piece = Buffer.from(floats.buffer);
  for (let left = length; left > 0; left -= piece.length)
    yield piece.subarray(0, Math.min(left, piece.length));
}

/** An archive whose members are stored as they are and begin at multiples of 64 bytes, as torch's do. */
class StoredZip {
  private at = 0;
  private readonly directory: Buffer[] = [];
  private readonly file: number;
  constructor(file: number) {
    this.file = file;
  }

  add(name: string, pieces: Iterable<Buffer>): void {
    const start = this.at;
    const extra = Buffer.alloc(4 + ((64 - ((start + 30 + name.length + 4) % 64)) % 64), 'Z');
    extra.write('FB', 0, 'latin1');
    extra.writeUInt16LE(extra.length - 4, 2);
    this.write(Buffer.concat([this.header(name, 0, 0, extra.length, undefined), Buffer.from(name), extra]));
    let crc = 0;
    let size = 0;
    for (const piece of pieces) {
      crc = crc32(piece, crc);
      size += piece.length;
      this.write(piece);
    }
    const header = this.header(name, crc, size, extra.length, undefined);
    writeSync(this.file, header, 0, header.length, start);
    this.directory.push(this.header(name, crc, size, 0, start), Buffer.from(name));
  }

  end(): number {
    const directory = Buffer.concat(this.directory);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(this.directory.length / 2, 8);
    end.writeUInt16LE(this.directory.length / 2, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(this.at, 16);
    this.write(directory);
    this.write(end);
    return this.at;
  }

  private write(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; )
      from += writeSync(this.file, bytes, from, bytes.length - from, this.at + from);
    this.at += bytes.length;
  }

  /** The header before a member, or with its place the one in the directory. */
  private header(name: string, crc: number, size: number, extra: number, place: number | undefined): Buffer {
    const central = place !== undefined;
    const header = Buffer.alloc(central ? 46 : 30);
    header.writeUInt32LE(central ? 0x02014b50 : 0x04034b50, 0);
    const at = central ? 6 : 4; // from here on both are alike
    header.writeUInt32LE(crc, at + 10);
    header.writeUInt32LE(size, at + 14);
    header.writeUInt32LE(size, at + 18);
    header.writeUInt16LE(name.length, at + 22);
    header.writeUInt16LE(extra, at + 24);
    if (central) header.writeUInt32LE(place, 42);
    return header;
  }
}

/** The state dictionary, whose numbers are the members `data/0`, `data/1`, ... */
const pickleOf = (tensors: readonly Tensor[]): Buffer =>
  pickle.stateDict(
    ...tensors.map((t, i) => {
      const spec = { key: `${i}`, elements: count(t), shape: t.shape, strides: [t.shape[1], 1] };
      return [pickle.text(t.key), pickle.tensor(spec)] as const;
    }),
  );
