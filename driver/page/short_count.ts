/** Formats a count with two or three digits. */

/** `561M`, `1.6B`, `83k`. */
export function shortCount(n: number): string {
  const units = ['', 'k', 'M', 'B', 'T'];
  let [i, x] = [0, n];
  while (x >= 999.5 && i < units.length - 1) [i, x] = [i + 1, x / 1000];
  return `${x < 10 && i > 0 ? x.toFixed(1) : x.toFixed(0)}${units[i]}`;
}
