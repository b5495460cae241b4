/** Protobuf's length-delimited framing, written by hand so that tensor bytes are streamed and never held. */

import { fieldId, type Message } from './schema.ts';

/** Bytes held in memory, or made while they are written; `size` is exact. */
export interface Chunk {
  readonly size: number;
  bytes(): Iterable<Uint8Array>;
}

export const held = (bytes: Uint8Array): Chunk => ({ size: bytes.length, bytes: () => [bytes] });

export const totalSize = (chunks: readonly Chunk[]): number => chunks.reduce((sum, c) => sum + c.size, 0);

/** Base-128, least significant first; exact up to 2**53. */
export function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...out, rest]);
}

/** Tag, length and content of one length-delimited field. */
export function framed(message: Message, field: string, content: readonly Chunk[]): Chunk[] {
  const tag = varint(fieldId(message, field) * 8 + 2);
  const length = varint(totalSize(content));
  return [held(Uint8Array.from([...tag, ...length])), ...content];
}

/** Several chunks as one. */
export function joined(chunks: readonly Chunk[]): Chunk {
  return {
    size: totalSize(chunks),
    *bytes() {
      for (const chunk of chunks) yield* chunk.bytes();
    },
  };
}
