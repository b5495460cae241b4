/** Buffers for streams, lent and given back, so that memory stays what a few chunks need. */

/** Bytes of one chunk: a multiple of every element's size, and small enough to stay in a processor's cache. */
export const chunkBytes = 2 ** 20;

const idleBuffers: ArrayBuffer[] = [];
const mostIdleBuffers = 8;

/** A buffer that is aligned for every element, with whatever the last borrower left in it. */
export function borrow(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes <= chunkBytes / 16) return new Uint8Array(bytes);
  const whole = Math.max(bytes, chunkBytes);
  const at = idleBuffers.findIndex((buffer) => buffer.byteLength === whole);
  const [found] = at < 0 ? [] : idleBuffers.splice(at, 1);
  return new Uint8Array(found ?? new ArrayBuffer(whole), 0, bytes);
}

export function giveBack({ buffer: whole }: Uint8Array<ArrayBuffer>): void {
  if (whole.byteLength >= chunkBytes && idleBuffers.length < mostIdleBuffers) idleBuffers.push(whole);
}
