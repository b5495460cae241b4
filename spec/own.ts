/** What a table of our own holds under a name of somebody else: `toString` and `constructor` are in no table. */

export const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
