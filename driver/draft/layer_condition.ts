/** A set of layers as a condition on the number of a layer. */

/** `i < 3`, `i % 2 == 1`, `i == 0 or i == 5`; undefined for all of `count`. */
export function layerCondition(indices: readonly number[], count: number): string | undefined {
  if (indices.length === count) return undefined;
  const inside = new Set(indices);
  const same = (test: (i: number) => boolean): boolean =>
    Array.from({ length: count }, (_, i) => test(i) === inside.has(i)).every(Boolean);
  const first = indices[0]!;
  const end = indices.at(-1)! + 1;
  if (same((i) => i < end)) return `i < ${end}`;
  if (same((i) => i >= first)) return `i >= ${first}`;
  for (let period = 2; period <= Math.min(count / 2, 64); period++) {
    if (same((i) => i % period === first % period)) return `i % ${period} == ${first % period}`;
    const but = Array.from({ length: period }, (_, i) => i).find((i) => !inside.has(i));
    if (but !== undefined && same((i) => i % period !== but)) return `i % ${period} != ${but}`;
  }
  return indices.map((i) => `i == ${i}`).join(' or ');
}
