/** Texts of a tokenizer's own tokens and of what meets in odd ways: cut characters, marks, joiners, all kinds of white space. */

import fc from 'fast-check';

const odd = [
  ...['\u00a0', '\u2003', '\u0085', '\ufeff', '\u200d', '\u0301'],
  ...['é', 'ſ', '🌍', '👩‍👧', '½', '٣', '\r\n', '\n', '\t', "'LL"],
];

/** Of at most twelve pieces; `tokens` are texts in which a character is a byte. */
export function randomText(tokens: Iterable<string>): fc.Arbitrary<string> {
  const plain = [...tokens].filter((t) => /^[\x20-\x7e]+$/.test(t));
  const piece = fc.oneof(fc.constantFrom(...plain), fc.constantFrom(...odd), fc.string({ unit: 'binary' }));
  return fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
}
