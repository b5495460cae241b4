/** SHA-256 (FIPS 180-4) of short texts and bytes, wherever this runs; a page's own way to it would have to be waited for. */

export interface Sha256 {
  update(data: string | Uint8Array): Sha256;
  /** Ends it: 32 bytes. */
  digest(): Uint8Array;
  hex(): string;
}

const primes = firstPrimes(64);
/** The first 32 bits behind the point of square roots and cube roots. */
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32) | 0;
const initial = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
const rounds = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));

function firstPrimes(count: number): readonly number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

const encoder = new TextEncoder();

export function sha256(): Sha256 {
  const state = Int32Array.from(initial);
  const words = new Int32Array(64);
  const block = new Uint8Array(64);
  const view = new DataView(block.buffer);
  let [filled, length] = [0, 0];
  const take = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(64 - filled, bytes.length - at);
      block.set(bytes.subarray(at, at + count), filled);
      filled += count;
      at += count;
      if (filled < 64) continue;
      compress(state, words, view);
      filled = 0;
    }
  };
  const hash: Sha256 = {
    update(data) {
      const bytes = typeof data === 'string' ? encoder.encode(data) : data;
      length += bytes.length;
      take(bytes);
      return hash;
    },
    digest() {
      const bits = length * 8;
      take(new Uint8Array([0x80]));
      take(new Uint8Array((120 - filled) % 64));
      view.setUint32(56, Math.floor(bits / 2 ** 32));
      view.setUint32(60, bits >>> 0);
      compress(state, words, view);
      const out = new Uint8Array(32);
      state.forEach((word, i) => void new DataView(out.buffer).setInt32(4 * i, word));
      return out;
    },
    hex: () => Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, '0')).join(''),
  };
  return hash;
}

const turned = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

function compress(state: Int32Array, words: Int32Array, block: DataView): void {
  for (let i = 0; i < 16; i++) words[i] = block.getInt32(4 * i);
  for (let i = 16; i < 64; i++) {
    const [x, y] = [words[i - 15]!, words[i - 2]!];
    const low = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
    const high = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
    words[i] = words[i - 16]! + low + words[i - 7]! + high;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as Eight;
  for (let i = 0; i < 64; i++) {
    const one = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const first = (h + one + ((e & f) ^ (~e & g)) + rounds[i]! + words[i]!) | 0;
    const zero = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const second = (zero + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => {
    state[i] = state[i]! + word;
  });
}

/** The state has eight words. */
type Eight = [number, number, number, number, number, number, number, number];
