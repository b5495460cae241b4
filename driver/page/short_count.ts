/** Formats a count with two or three digits. */

/** `561M`, `1.6B`, `83k`. */
export const shortCount = (n: number): string => inUnits(n, ['', 'k', 'M', 'B', 'T']);

/** In the largest unit that leaves a digit before the point; each is a thousand of the one before it. */
export function inUnits(n: number, units: readonly string[]): string {
  let [i, x] = [0, n];
  while (x >= 999.5 && i < units.length - 1) [i, x] = [i + 1, x / 1000];
  return `${x < 10 && i > 0 ? x.toFixed(1) : x.toFixed(0)}${units[i]}`;
}
