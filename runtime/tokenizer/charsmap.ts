/**
 * SentencePiece's table of characters (`precompiled_charsmap`): at every place the longest text that the table has is
 * replaced by what stands for it. It is a double array, a trie in one list of 32-bit units, and a list of texts that end in
 * zero bytes.
 */

export type Normalise = (text: string) => string;

/** Undefined for bytes that are not such a table. */
export function charsmap(bytes: Uint8Array): Normalise | undefined {
  if (bytes.length === 0) return (text) => text;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length < 4 ? Number.NaN : view.getUint32(0, true);
  if (!(size > 0 && size % 4 === 0 && size + 4 <= bytes.length)) return undefined;
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + size);
  const utf8 = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const textAt = (at: number): string => {
    const end = texts.indexOf(0, at);
    return decoder.decode(texts.subarray(at, end < 0 ? texts.length : end));
  };
  return (text) => {
    const input = utf8.encode(text);
    const kept: string[] = [];
    let from = 0; // of what stays as it is
    for (let at = 0; at < input.length; ) {
      const found = longest(units, input, at);
      if (found === undefined) at += lengthAt(input[at]!);
      else {
        kept.push(decoder.decode(input.subarray(from, at)), textAt(found.value));
        from = at += found.length;
      }
    }
    kept.push(decoder.decode(input.subarray(from)));
    return kept.join('');
  };
}

/** Bytes of a character in UTF-8, by its first byte. */
const lengthAt = (byte: number): number => (byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4);

/** Fields of a unit as Darts-clone writes it: a label, where its children begin, and whether it has a value. */
const hasValue = (unit: number): boolean => ((unit >>> 8) & 1) === 1;
const storedIn = (unit: number): number => unit & 0x7fffffff;
const labelOf = (unit: number): number => (unit & 0x800000ff) >>> 0;
const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & (1 << 9)) >>> 6);

function longest(units: Uint32Array, input: Uint8Array, start: number) {
  let found: { readonly value: number; readonly length: number } | undefined;
  let node = offsetOf(units[0]!);
  for (let at = start; at < input.length; at++) {
    node ^= input[at]!;
    const unit = units[node];
    if (unit === undefined || labelOf(unit) !== input[at]) return found;
    node ^= offsetOf(unit);
    const value = units[node];
    if (hasValue(unit) && value !== undefined) found = { value: storedIn(value), length: at + 1 - start };
  }
  return found;
}
