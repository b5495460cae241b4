/** How many columns of a terminal a text takes. */

import { stripVTControlCharacters } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';

/** Width of a text in columns: a Chinese character takes two, a combining accent and a colour none. */
export function columnsOf(text: string): number {
  const shown = stripVTControlCharacters(text);
  if (/^[ -~]*$/.test(shown)) return shown.length;
  return lettersOf(shown).reduce((sum, letter) => sum + columnsOfLetter(letter), 0);
}

function columnsOfLetter(letter: string): number {
  if (/^[\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}\p{Mark}\p{Surrogate}]*$/u.test(letter))
    return 0;
  return /\p{Emoji_Presentation}|\ufe0f/u.test(letter) ? 2 : eastAsianWidth(letter.codePointAt(0)!); // not empty
}

let segmenter: Intl.Segmenter | undefined; // it reads tables of Unicode, which takes longer than all else here

/** What a reader takes for one letter, accents and joined emoji included. */
export function lettersOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter();
  return [...segmenter.segment(text)].map(({ segment }) => segment);
}

/** Shortens a text to a width by removing its middle, since paths differ at their beginnings and ends. */
export function shortened(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  if (width < 1) return '';
  const letters = lettersOf(text);
  const [front, back] = [Math.floor((width - 1) / 2), Math.ceil((width - 1) / 2)];
  return `${taken(letters, front).join('')}…${taken(letters.toReversed(), back).reverse().join('')}`;
}

/** The first letters that fit. */
export function taken(letters: readonly string[], width: number): string[] {
  const found: string[] = [];
  let room = width;
  for (const letter of letters) {
    room -= columnsOf(letter);
    if (room < 0) break;
    found.push(letter);
  }
  return found;
}
