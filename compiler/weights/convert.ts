/** From the dtype of a checkpoint to the one a target keeps, bit-exact where both hold the value, else to the nearest, ties to even. */

import { Bug } from '../../spec/diagnostic.ts';
import { roundTo } from '../../spec/round.ts';
import type { GraphDType } from '../../spec/type.ts';
import type { StoredDType } from '../checkpoint/checkpoint.ts';

export interface Converter {
  /** Converts a chunk of whole elements. The next call may overwrite the result, which is `chunk` itself when nothing changes. */
  run(chunk: Uint8Array): Uint8Array;
  /** How many finite numbers have become infinite so far. */
  overflows(): number;
}

const floats = ['float64', 'float32', 'float16', 'bfloat16'] as const;
type FloatDType = (typeof floats)[number];

export const isFloat = (dtype: StoredDType | GraphDType): dtype is FloatDType =>
  (floats as readonly string[]).includes(dtype);

/** Whether a parameter of dtype `to` may be filled from a tensor stored as `from`. */
export function convertible(from: StoredDType, to: GraphDType): boolean {
  if (isFloat(to)) return isFloat(from);
  return to === 'bool' ? from === 'bool' : !isFloat(from) && from !== 'bool';
}

/** Rounds through each dtype of `via` in order, so that a runtime computes with what the file would have kept. */
export function converter(from: StoredDType, via: readonly GraphDType[]): Converter {
  const steps: ((chunk: Uint8Array) => Uint8Array)[] = [];
  const lost = { count: 0 };
  let now: StoredDType = from;
  for (const to of via) {
    if (to !== now) steps.push(conversionStep(now, to, lost));
    now = to;
  }
  return {
    run: (chunk) => steps.reduce((bytes, act) => act(bytes), chunk),
    overflows: () => lost.count,
  };
}

interface OverflowCount {
  count: number;
}

function conversionStep(
  from: StoredDType,
  to: GraphDType,
  lost: OverflowCount,
): (chunk: Uint8Array) => Uint8Array {
  if (!convertible(from, to)) throw new Bug(`no conversion from ${from} to ${to}`);
  if (!isFloat(from) || !isFloat(to)) return toInt64(from);
  const decode = from === 'float64' ? fromDoubles(to, lost) : decoders[from]();
  const encode = encoders[to as 'float32' | 'float16' | 'bfloat16'](lost); // the graph has no float64
  return (chunk) => encode(decode(chunk));
}

/** A buffer that is used again for every chunk, and replaced only by a larger one. */
function reusable<A extends { readonly length: number }>(
  make: (n: number) => A,
  part: (a: A, n: number) => A,
) {
  let held = make(0);
  return (n: number): A => {
    if (held.length < n) held = make(n);
    return part(held, n);
  };
}
const wordBuffer = () =>
  reusable(
    (n) => new Uint32Array(n),
    (a, n) => a.subarray(0, n),
  );
const halfBuffer = () =>
  reusable(
    (n) => new Uint16Array(n),
    (a, n) => a.subarray(0, n),
  );

type Decode = (chunk: Uint8Array) => Uint32Array;

const asHalves = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint16Array =>
  new Uint16Array(buffer, byteOffset, byteLength / 2);

/** Each makes bits of float32 out of a chunk of its dtype. */
const decoders: Readonly<Record<'float32' | 'float16' | 'bfloat16', () => Decode>> = {
  float32:
    () =>
    ({ buffer, byteOffset, byteLength }) =>
      new Uint32Array(buffer, byteOffset, byteLength / 4),
  bfloat16: () => {
    const room = wordBuffer();
    return (chunk) => {
      const values = asHalves(chunk);
      const out = room(values.length);
      for (let i = 0; i < out.length; i++) out[i] = values[i]! << 16;
      return out;
    };
  },
  float16: () => {
    const room = wordBuffer();
    return (chunk) => {
      const values = asHalves(chunk);
      const out = room(values.length);
      for (let i = 0; i < out.length; i++) out[i] = widen(values[i]!);
      return out;
    };
  },
};

/** Bits of a half as bits of float32. */
export function widen(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = bits & 0x7c00;
  const fraction = bits & 0x03ff;
  if (exponent === 0x7c00) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | (((bits & 0x7fff) << 13) + 0x38000000);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // brings the highest bit to place 10
  return sign | ((113 - shift) << 23) | ((fraction << (13 + shift)) & 0x007fffff);
}

/** Rounds doubles once, straight to the target dtype: by way of float32 they would be rounded twice. */
function fromDoubles(to: FloatDType, lost: OverflowCount): Decode {
  const room = wordBuffer();
  return ({ buffer, byteOffset, byteLength }) => {
    const values = new Float64Array(buffer, byteOffset, byteLength / 8);
    const out = room(values.length);
    const numbers = new Float32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const rounded = to === 'float64' ? value : roundTo(to, value);
      if (!Number.isFinite(rounded) && Number.isFinite(value)) lost.count++;
      numbers[i] = rounded;
    }
    return out;
  };
}

type Encode = (bits: Uint32Array) => Uint8Array;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBufferLike>): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const encoders: Readonly<Record<'float32' | 'float16' | 'bfloat16', (lost: OverflowCount) => Encode>> = {
  float32: () => bytesOf,
  bfloat16: (lost) => narrowing(manyToBfloat16, 0x7f80, lost),
  float16: (lost) => narrowing(manyToFloat16, 0x7c00, lost),
};

/** Writes rounded values; true when one of them may have overflowed. */
type Narrow = (bits: Int32Array, out: Uint16Array) => boolean;

function narrowing(narrow: Narrow, infinite: number, lost: OverflowCount): Encode {
  const room = halfBuffer();
  return ({ buffer, byteOffset, length }) => {
    const bits = new Int32Array(buffer, byteOffset, length);
    const out = room(length);
    if (narrow(bits, out)) {
      for (let i = 0; i < length; i++)
        if ((out[i]! & 0x7fff) === infinite && (bits[i]! & 0x7f800000) !== 0x7f800000) lost.count++;
    }
    return bytesOf(out);
  };
}

/** The loops below hold no calls and no number beyond 31 bits, which makes them ten times as fast. */
const manyToBfloat16: Narrow = (bits, out) => {
  let mayOverflow = false;
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!;
    if ((x & 0x7f800000) >= 0x7f000000) {
      mayOverflow = true;
      out[i] = toBfloat16(x);
    } else {
      out[i] = ((x + 0x7fff + ((x >> 16) & 1)) | 0) >> 16;
    }
  }
  return mayOverflow;
};

const manyToFloat16: Narrow = (bits, out) => {
  let mayOverflow = false;
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!;
    const size = x & 0x7fffffff;
    if (size >= 0x38800000 && size < 0x47000000) {
      out[i] = ((x >> 16) & 0x8000) | ((size - 0x37fff001 + ((size >> 13) & 1)) >> 13);
    } else {
      mayOverflow ||= size >= 0x47000000;
      out[i] = toFloat16(x);
    }
  }
  return mayOverflow;
};

/** Rounds the bits of a float32, given as a signed or unsigned integer. A NaN becomes a quiet NaN. */
const toBfloat16 = (bits: number): number =>
  (bits & 0x7fffffff) > 0x7f800000
    ? ((bits >>> 16) & 0xffff) | 0x0040
    : ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;

function toFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size >= 0x47800000) {
    const nan = size > 0x7f800000 ? 0x0200 | ((size >>> 13) & 0x03ff) : 0;
    return sign | 0x7c00 | nan;
  }
  if (size >= 0x38800000) return sign | ((size - 0x38000000 + 0x0fff + ((size >>> 13) & 1)) >>> 13);
  if (size < 0x33000000) return sign; // less than half of the least half, 2 ** -24
  // Below 2 ** -14 halves are whole multiples of 2 ** -24: move the fraction there, keeping what falls off.
  const shift = 126 - (size >>> 23);
  const fraction = (size & 0x007fffff) | 0x00800000;
  const [whole, rest, tie] = [fraction >>> shift, fraction & ((1 << shift) - 1), 1 << (shift - 1)];
  return sign | (whole + (rest > tie || (rest === tie && (whole & 1) === 1) ? 1 : 0));
}

const integers = {
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const;

function toInt64(from: StoredDType): (chunk: Uint8Array) => Uint8Array {
  const View = Object.hasOwn(integers, from) ? integers[from as keyof typeof integers] : undefined; // own key
  if (!View) throw new Bug(`${from} is not an integer`);
  return ({ buffer, byteOffset, byteLength }) => {
    const values = new View(buffer as ArrayBuffer, byteOffset, byteLength / View.BYTES_PER_ELEMENT); // no chunk is shared
    return bytesOf(BigInt64Array.from(values, BigInt));
  };
}
