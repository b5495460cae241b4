/** Reads what is typed for an option: numbers within bounds, and names with values. */

import { InvalidArgumentError } from 'commander';

/** `said` is what the option wants, in words. */
const number =
  (said: string, fits: (n: number) => boolean) =>
  (text: string): number => {
    const n = Number(text);
    if (text.trim() === '' || !Number.isFinite(n) || !fits(n)) throw new InvalidArgumentError(`say ${said}.`);
    return n;
  };

export const positive = number('a number above 0', (n) => n > 0);
export const nonNegative = number('a number, 0 or more', (n) => n >= 0);
export const share = number('a number from 0 to 1', (n) => n >= 0 && n <= 1);
export const penalty = number('a number of at least 1, which changes nothing', (n) => n >= 1);

export const whole =
  (minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const n = Number(text);
    if (!/^\d+$/.test(text) || n > maximum || n < minimum) {
      const upTo = maximum < Number.MAX_SAFE_INTEGER ? ` and at most ${maximum}` : '';
      throw new InvalidArgumentError(`say a whole number of at least ${minimum}${upTo}.`);
    }
    return n;
  };

/** `name=value`; the value may hold further signs. */
export function nameAndValue(text: string, example = ''): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`say name=value${example}.`);
  return [text.slice(0, at).trim(), text.slice(at + 1)];
}
