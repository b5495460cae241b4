/** Counts NaN, infinity and what float32 cannot square in bytes of a float dtype: cheap while there are none. */

import type { StoredDType } from '../checkpoint/checkpoint.ts';

export interface NotFinite {
  readonly nan: number;
  readonly infinite: number;
  /** Finite numbers of at least 2 ** 64, whose squares are beyond float32. */
  readonly huge: number;
}

/** Where the parts of a float lie in its bits. */
interface FloatBits {
  /** All these bits are set when a value is not finite. */
  readonly exponentMask: number;
  /** The least exponent, in place, whose value is counted. */
  readonly leastCounted: number;
  readonly fractionMask: number;
  /** Bytes of a value. */
  readonly size: 2 | 4;
}

const floatBits = {
  float32: { exponentMask: 0x7f800000, leastCounted: 0x5f800000, fractionMask: 0x007fffff, size: 4 },
  float16: { exponentMask: 0x7c00, leastCounted: 0x7c00, fractionMask: 0x03ff, size: 2 },
  bfloat16: { exponentMask: 0x7f80, leastCounted: 0x5f80, fractionMask: 0x007f, size: 2 },
} as const satisfies Partial<Record<StoredDType, FloatBits>>;

const none: NotFinite = { nan: 0, infinite: 0, huge: 0 };

/** Chunks that the thread that reads ahead has checked already, and that hold only finite numbers. */
export const knownFinite = new WeakSet<Uint8Array>();

/** `chunk` is aligned for its elements, and holds whole ones. Integers are always finite. */
export function countNotFinite(dtype: StoredDType, chunk: Uint8Array): NotFinite {
  if (knownFinite.has(chunk)) return none;
  if (dtype === 'float64') return countDoubles(chunk);
  if (dtype !== 'float32' && dtype !== 'float16' && dtype !== 'bfloat16') return none;
  const bits: FloatBits = floatBits[dtype];
  return mayHoldAny(chunk, bits) ? count(chunk, bits) : none;
}

/**
 * A fast test without branches: true when some value may have to be counted. With the sign masked away, adding the distance
 * from `leastCounted` to the sign bit carries into that bit exactly when a value is large enough, and or-ing all sums together
 * keeps the carry. Values of two bytes are tested two at a time.
 */
function mayHoldAny(
  { buffer, byteOffset, byteLength }: Uint8Array,
  { exponentMask: exponent, leastCounted: from, size }: FloatBits,
): boolean {
  const words = new Int32Array(buffer, byteOffset, byteLength >> 2);
  const twice = (bits: number): number => (size === 4 ? bits : bits | (bits << 16));
  const rest = size === 4 ? 0x80000000 - from : 0x8000 - from;
  const [mask, one, carry] = [twice(exponent), twice(rest), size === 4 ? 0x80000000 | 0 : 0x80008000 | 0];
  const even = words.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < even; i += 4) {
    a |= (words[i]! & mask) + one;
    b |= (words[i + 1]! & mask) + one;
    c |= (words[i + 2]! & mask) + one;
    d |= (words[i + 3]! & mask) + one;
  }
  for (let i = even; i < words.length; i++) a |= (words[i]! & mask) + one;
  if (((a | b | c | d) & carry) !== 0) return true;
  if ((byteLength & 2) === 0) return false;
  const [last = 0] = new Uint16Array(buffer, byteOffset + byteLength - 2, 1);
  return (last & exponent) >= from;
}

function count(
  { buffer, byteOffset, byteLength }: Uint8Array,
  { exponentMask: exponent, fractionMask: fraction, leastCounted: from, size }: FloatBits,
): NotFinite {
  const values =
    size === 4
      ? new Uint32Array(buffer, byteOffset, byteLength / 4)
      : new Uint16Array(buffer, byteOffset, byteLength / 2);
  let [nan, infinite, huge] = [0, 0, 0];
  for (const value of values) {
    if ((value & exponent) < from) continue;
    if ((value & exponent) !== exponent) huge++;
    else if ((value & fraction) === 0) infinite++;
    else nan++;
  }
  return { nan, infinite, huge };
}

function countDoubles({ buffer, byteOffset, byteLength }: Uint8Array): NotFinite {
  let [nan, infinite, huge] = [0, 0, 0];
  for (const value of new Float64Array(buffer, byteOffset, byteLength / 8)) {
    if (Number.isNaN(value)) nan++;
    else if (!Number.isFinite(value)) infinite++;
    else if (Math.abs(value) >= 2 ** 64) huge++;
  }
  return { nan, infinite, huge };
}
