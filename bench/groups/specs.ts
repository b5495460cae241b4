/** What it takes to look at every spec that ships, at full size. */

import { shippedSpecs } from '../../driver/shipped.ts';
import type { Finding, Findings } from '../rows.ts';
import type { Setting } from '../setting.ts';
import { type Timed, timedNode } from '../timed_process.ts';

/** The slowest are measured again, so often. */
const roundsAgain = 2;
const candidates = 2;

export async function specs({ sizes, folder, command, say }: Setting): Promise<Findings> {
  const names = shippedSpecs()
    .map(({ name }) => name)
    .slice(0, sizes.specs);
  const worst = (verb: string, what: keyof Timed, unit: string, digits: number): Finding => {
    const one = (name: string): number => timedNode([command, verb, name, '--quiet'], folder)[what];
    const first = names.map((name) => ({ name, values: [one(name)] }));
    const top = first.toSorted((a, b) => b.values[0]! - a.values[0]!).slice(0, candidates);
    for (const { name, values } of top) for (let i = 0; i < roundsAgain; i++) values.push(one(name));
    const [most] = top.toSorted((a, b) => Math.min(...b.values) - Math.min(...a.values));
    const { name, values } = most!; // some spec ships
    say(
      `${verb} ${what}: ${top.map((t) => `${t.name} ${Math.min(...t.values).toFixed(digits)}`).join(', ')}`,
    );
    return {
      values,
      ours: `${name} ${Math.min(...values).toFixed(digits)} ${unit}`,
      theirs: `${names.length} specs`,
    };
  };
  return {
    inspect_time: worst('inspect', 'seconds', 's', 2),
    inspect_memory: worst('inspect', 'peak', 'MB', 0),
    check_time: worst('check', 'seconds', 's', 2),
    check_memory: worst('check', 'peak', 'MB', 0),
  };
}
