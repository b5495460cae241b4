/** Bytes as files have them: parts in a row, unsigned numbers with their lowest byte first, texts in UTF-8. */

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Each number in so many bytes. */
export function numbers(bytes: 2 | 4 | 8, ...values: readonly number[]): Uint8Array {
  const all = new Uint8Array(bytes * values.length);
  const view = new DataView(all.buffer);
  values.forEach((value, i) => {
    if (bytes === 2) view.setUint16(2 * i, value, true);
    else if (bytes === 4) view.setUint32(4 * i, value, true);
    else view.setBigUint64(8 * i, BigInt(value), true);
  });
  return all;
}

const encoder = new TextEncoder();

export const utf8 = (text: string): Uint8Array => encoder.encode(text);
