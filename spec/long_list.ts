/** Math.max, Math.min and push for lists of any length: spread into a call, 120,000 arguments overflow the stack. */

/** The largest of the values and of `least`. */
export function largest(values: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
  let found = least;
  for (const value of values) found = Math.max(found, value);
  return found;
}

/** The smallest of the values and of `most`. */
export function smallest(values: Iterable<number>, most = Number.POSITIVE_INFINITY): number {
  let found = most;
  for (const value of values) found = Math.min(found, value);
  return found;
}

export function append<T>(list: T[], more: Iterable<T>): void {
  for (const item of more) list.push(item);
}
