/** Options that take one of several words; a misspelled word, or that of another tool, is refused with the right one. */

import { type Argument, InvalidArgumentError, type Option } from 'commander';
import { nearest } from '../../spec/nearest.ts';

/** Words of other tools, and ours. */
export type OtherWords = Readonly<Record<string, string>>;

/** `did you mean f16? allowed: f32, f16, bf16.` */
export function notAmong(
  text: string,
  names: readonly string[],
  others: OtherWords = {},
): InvalidArgumentError {
  const word = text.toLowerCase();
  const meant = others[word] ?? nearest(word, names) ?? others[nearest(word, Object.keys(others)) ?? ''];
  const hint = meant === undefined ? '' : `did you mean ${meant}? `;
  return new InvalidArgumentError(`${hint}allowed: ${names.join(', ')}.`);
}

export const oneOf =
  (names: readonly string[], others: OtherWords = {}) =>
  (text: string): string => {
    if (names.includes(text)) return text;
    throw notAmong(text, names, others);
  };

export function choice<T extends Option | Argument>(
  option: T,
  names: readonly string[],
  others: OtherWords = {},
): T {
  option.argChoices = [...names]; // for help and completion
  option.argParser(oneOf(names, others));
  return option;
}
