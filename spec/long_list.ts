/** Math.max, Math.min and push for lists of any length: spread into a call, 120,000 arguments overflow the stack. */

/** The largest of the values, and no less than `atLeast`. */
export function largest(values: Iterable<number>, atLeast = Number.NEGATIVE_INFINITY): number {
  let found = atLeast;
  for (const value of values) found = Math.max(found, value);
  return found;
}

/** The smallest of the values, and no more than `atMost`. */
export function smallest(values: Iterable<number>, atMost = Number.POSITIVE_INFINITY): number {
  let found = atMost;
  for (const value of values) found = Math.min(found, value);
  return found;
}

export function append<T>(list: T[], more: Iterable<T>): void {
  for (const item of more) list.push(item);
}
