/** Measures groups one after the other. */

import { groups } from './groups/index.ts';
import type { Finding, Findings, RowName } from './rows.ts';
import type { Setting } from './setting.ts';

/** Throws on a word that names no group. */
export function chosenGroups(words: readonly string[]): readonly string[] {
  const names = Object.keys(groups);
  const unknown = words.find((word) => !names.includes(word));
  if (unknown !== undefined) throw new Error(`no group \`${unknown}\`; there are ${names.join(', ')}`);
  return words.length === 0 ? names : names.filter((name) => words.includes(name));
}

/** Throws where a group does not find what it promises. */
export async function measure(name: string, setting: Setting): Promise<Findings> {
  const { rows, measure: measured } = groups[name]!; // a chosen one
  setting.say(`\n${name}`);
  const findings = await measured(setting);
  const found: Partial<Record<RowName, Finding>> = {};
  for (const row of rows) {
    const finding = findings[row];
    if (!finding) throw new Error(`${name} found nothing for ${row}`);
    found[row] = finding;
  }
  return found;
}
