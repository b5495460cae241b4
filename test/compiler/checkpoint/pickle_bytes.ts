/** Writes pickles by hand, right ones and wrong ones: each function gives the bytes that push one value. */

import { Buffer } from 'node:buffer';

/** Several pieces, or the opcodes that a string of latin-1 spells. */
export const bytes = (...parts: readonly (string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p, 'latin1') : p)));

const uint32 = (n: number): Buffer => {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(n);
  return b;
};

export const proto = bytes('\x80\x02');
export const none = bytes('N');
export const no = bytes('\x89');

export const global = (module: string, name: string): Buffer => bytes('c', `${module}\n${name}\n`);

export function text(value: string): Buffer {
  const raw = Buffer.from(value, 'utf8');
  return bytes('X', uint32(raw.length), raw);
}

/** Four bytes where they suffice, else a LONG1. */
export function int(value: number | bigint): Buffer {
  const n = BigInt(value);
  if (n >= -(2n ** 31n) && n < 2n ** 31n) {
    const b = Buffer.alloc(4);
    b.writeInt32LE(Number(n));
    return bytes('J', b);
  }
  const digits: number[] = [];
  for (let rest = n, i = 0; i < 16; i++, rest >>= 8n) digits.push(Number(rest & 255n));
  return bytes('\x8a', Buffer.from([digits.length]), Buffer.from(digits));
}

export const tuple = (...items: readonly Uint8Array[]): Buffer => bytes('(', ...items, 't');
export const list = (...items: readonly Uint8Array[]): Buffer => bytes('](', ...items, 'e');
export const dict = (...entries: readonly (readonly [Uint8Array, Uint8Array])[]): Buffer =>
  bytes('}(', ...entries.flat(), 'u');
export const reduce = (callee: Uint8Array, args: Uint8Array): Buffer => bytes(callee, args, 'R');
export const orderedDict = reduce(global('collections', 'OrderedDict'), tuple());

/** As torch writes it. */
export const stateDict = (...entries: readonly (readonly [Uint8Array, Uint8Array])[]): Buffer =>
  bytes(proto, orderedDict, '(', ...entries.flat(), 'u.');

export interface TensorSpec {
  /** `FloatStorage` by default. */
  readonly type?: string;
  /** Of the storage. */
  readonly key: string;
  readonly elements: number | bigint;
  readonly start?: number | bigint;
  readonly shape: readonly (number | bigint)[];
  readonly strides: readonly (number | bigint)[];
}

export const storage = ({ type = 'FloatStorage', key, elements }: TensorSpec): Buffer =>
  bytes(tuple(text('storage'), global('torch', type), text(key), text('cpu'), int(elements)), 'Q');

export const tensor = (spec: TensorSpec): Buffer =>
  reduce(
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      storage(spec),
      int(spec.start ?? 0),
      tuple(...spec.shape.map(int)),
      tuple(...spec.strides.map(int)),
      no,
      orderedDict,
    ),
  );
