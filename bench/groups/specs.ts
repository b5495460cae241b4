/** What it takes to look at every spec that ships, at full size. */

import { medianOf } from '../../driver/bench/spread.ts';
import { shippedSpecs } from '../../driver/shipped.ts';
import type { Finding, Findings } from '../rows.ts';
import type { Setting } from '../setting.ts';
import { type Timed, timedNode } from '../timed_process.ts';

/** The slowest are measured again, so often. */
const roundsAgain = 2;
const candidates = 2;
/** Other programs make some runs slower, and none faster. */
const counted = 2;

export async function specs({ sizes, folder, command, say }: Setting): Promise<Findings> {
  const names = shippedSpecs()
    .map(({ name }) => name)
    .slice(0, sizes.specs);
  const one = (verb: string, name: string): Timed => timedNode([command, verb, name, '--quiet'], folder);
  const taken = (verb: string) => names.map((name) => ({ name, runs: [one(verb, name)] }));
  const worst = (
    verb: string,
    all: ReturnType<typeof taken>,
    what: 'seconds' | 'peak',
    text: (n: number) => string,
  ): Finding => {
    const fastest = (runs: readonly Timed[]): readonly number[] =>
      runs
        .map((run) => run[what])
        .sort((a, b) => a - b)
        .slice(0, counted);
    const least = (runs: readonly Timed[]): number => medianOf(fastest(runs));
    const top = all.toSorted((a, b) => least(b.runs) - least(a.runs)).slice(0, candidates);
    for (const { name, runs } of top) for (let i = 0; i < roundsAgain; i++) runs.push(one(verb, name));
    const [most] = top.toSorted((a, b) => least(b.runs) - least(a.runs));
    say(`${verb} ${what}: ${top.map(({ name, runs }) => `${name} ${text(least(runs))}`).join(', ')}`);
    const { name, runs } = most!; // some spec ships
    return {
      values: fastest(runs),
      ours: `${name} ${text(least(runs))}`,
      theirs: `${names.length} specs`,
    };
  };
  const seconds = (n: number): string => `${n.toFixed(2)} s`;
  const megabytes = (n: number): string => `${n.toFixed(0)} MB`;
  const [inspected, checked] = [taken('inspect'), taken('check')];
  return {
    inspect_time: worst('inspect', inspected, 'seconds', seconds),
    inspect_memory: worst('inspect', inspected, 'peak', megabytes),
    check_time: worst('check', checked, 'seconds', seconds),
    check_memory: worst('check', checked, 'peak', megabytes),
  };
}
