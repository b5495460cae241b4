/** Patterns of names: `*` stands for any text, dots included, `?` for one character. */

/** Takes time in proportion to the lengths multiplied, whatever the pattern. */
export function matches(pattern: string, name: string): boolean {
  let [p, n] = [0, 0];
  let [star, mark] = [-1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') [star, mark] = [p++, n];
    else if (pattern[p] === '?' || pattern[p] === name[n]) [p, n] = [p + 1, n + 1];
    else if (star >= 0) [p, n] = [star + 1, ++mark];
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
