/** Groups keys so that alike entries of a list share one row. */

export interface Keyed {
  readonly key: string;
  /** Only entries whose traits are equal share a row. */
  readonly traits: string;
}

export interface Group<K extends Keyed> {
  /** `transformer.h.{0..19}.attn.c_q.weight` */
  readonly name: string;
  readonly members: readonly K[];
}

/** Groups in the order of their first member. */
export function groupKeys<K extends Keyed>(items: readonly K[]): readonly Group<K>[] {
  const groups = new Map<string, K[]>();
  for (const item of items) {
    const pattern = `${item.key.replace(/(?<=^|\.)\d+(?=\.|$)/g, '*')}\0${item.traits}`;
    const group = groups.get(pattern);
    if (group) group.push(item);
    else groups.set(pattern, [item]);
  }
  return [...groups.values()].map((members) => ({ name: spanned(members.map((m) => m.key)), members }));
}

/** One name for paths that differ only in numbers. */
export function spanned(keys: readonly string[]): string {
  const split = keys.map((key) => key.split('.'));
  return split[0]!.map((part, i) => ranges(new Set(split.map((s) => s[i]!))) ?? part).join('.');
}

/** `{0..3}`, `{0..6,8}`, `{1,3,5}`; undefined when all are equal. */
export function ranges(parts: ReadonlySet<string>): string | undefined {
  if (parts.size < 2) return undefined;
  const numbers = [...parts].map(Number).sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last && n === last[1] + 1) last[1] = n;
    else runs.push([n, n]);
  }
  return `{${runs.map(([a, b]) => (a === b ? a : b === a + 1 ? `${a},${b}` : `${a}..${b}`)).join(',')}}`;
}
