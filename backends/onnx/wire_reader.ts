/** Walks protobuf fields in a file without reading what they hold, so that a model of any size opens at once. */

import { fileName } from '../../compiler/bytes/paths.ts';
import { type OpenFile, readAt } from '../../compiler/checkpoint/open_file.ts';
import { refuse } from '../../compiler/checkpoint/refuse.ts';

/** A field; its content is the bytes from `at` up to `at + length`. */
export interface Field {
  readonly id: number;
  /** Offset of the tag. */
  readonly start: number;
  readonly at: number;
  readonly length: number;
}

const windowBytes = 1 << 16;

/** A cursor over a file that reads ahead in small pieces. */
class Cursor {
  readonly #file: OpenFile;
  #window: Buffer = Buffer.alloc(0);
  #from = 0;
  at: number;

  constructor(file: OpenFile, at: number) {
    this.#file = file;
    this.at = at;
  }

  byte(end: number): number {
    if (this.at >= end) damaged(this.#file, 'a field ends in the middle', this.at);
    const offset = this.at - this.#from;
    if (offset < 0 || offset >= this.#window.length) {
      this.#from = this.at;
      this.#window = readAt(this.#file, this.at, Math.min(windowBytes, this.#file.size - this.at));
    }
    return this.#window[this.at++ - this.#from]!;
  }

  varint(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = this.byte(end);
      value += (byte & 127) * 128 ** shift;
      if (byte < 128) return value;
    }
    return damaged(this.#file, 'a number has no end', this.at);
  }
}

export function damaged(file: OpenFile, what: string, at: number): never {
  refuse('N704', `${fileName(file.path)} is not an ONNX model, or is damaged`, {
    file: file.path,
    found: `${what} at byte ${at}`,
  });
}

export function truncated(file: OpenFile, needed: number): never {
  refuse('N704', `${fileName(file.path)} is truncated`, {
    file: file.path,
    expected: `at least ${needed} bytes`,
    found: `${file.size} bytes`,
    hint: 'copy or compile it again',
  });
}

/** Fields of the message from `start` up to `end`; throws a Refusal (N704) for bytes that are not fields. */
export function* fields(file: OpenFile, start: number, end: number): Generator<Field> {
  const cursor = new Cursor(file, start);
  while (cursor.at < end) {
    const begin = cursor.at;
    const tag = cursor.varint(end);
    const [id, kind] = [Math.floor(tag / 8), tag % 8];
    if (id < 1 || id >= 2 ** 29) damaged(file, `field number ${id}`, begin);
    const number = cursor.at;
    const first = kind === 0 || kind === 2 ? cursor.varint(end) : 0;
    const length = lengthOf(kind, first, cursor.at - number);
    if (length === undefined) return damaged(file, `wire type ${kind}`, begin);
    const at = kind === 0 ? number : cursor.at;
    if (at + length > end) {
      if (end === file.size) truncated(file, at + length);
      damaged(file, `field ${id} reaches beyond its message`, begin);
    }
    cursor.at = at + length;
    yield { id, start: begin, at, length };
  }
}

/** Bytes of a field's content by its wire type: a varint, eight bytes, as many as its length says, or four bytes. */
function lengthOf(kind: number, said: number, numberBytes: number): number | undefined {
  if (kind === 0) return numberBytes;
  if (kind === 1) return 8;
  if (kind === 2) return said;
  return kind === 5 ? 4 : undefined;
}

/** Bytes of the largest field that is read into memory; only weights are larger, and those are not read here. */
const largestStructure = 1 << 26;

/** The bytes of a field's content, or of the whole field with its tag. */
export function bytesOf(file: OpenFile, { start, at, length }: Field, part: 'content' | 'whole'): Buffer {
  if (length > largestStructure) damaged(file, `a field of ${length} bytes where structure is`, start);
  return part === 'content' ? readAt(file, at, length) : readAt(file, start, at + length - start);
}
