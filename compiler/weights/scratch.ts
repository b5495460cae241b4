/** Buffers for streams, lent and given back, so that memory stays what a few chunks need. */

/** Of one chunk; a multiple of every element's size. Small enough to stay in a processor's cache while it is looked at. */
export const chunkBytes = 2 ** 20;

const spare: ArrayBuffer[] = [];
const kept = 8;

/** At least aligned for every element; its content is whatever the last borrower left. */
export function borrow(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes <= chunkBytes / 16) return new Uint8Array(bytes);
  const whole = Math.max(bytes, chunkBytes);
  const at = spare.findIndex((buffer) => buffer.byteLength === whole);
  const [found] = at < 0 ? [] : spare.splice(at, 1);
  return new Uint8Array(found ?? new ArrayBuffer(whole), 0, bytes);
}

export function giveBack({ buffer: whole }: Uint8Array<ArrayBuffer>): void {
  if (whole.byteLength >= chunkBytes && spare.length < kept) spare.push(whole);
}
