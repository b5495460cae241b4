/** Looks up an outside name in a table without finding inherited properties such as `toString` and `constructor`. */

export const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
