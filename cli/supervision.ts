/** Which commands run in a process of their own, and what is said when a signal ends one. */

import type { Told } from '../driver/process/supervise.ts';
import { farewellOf } from './farewell.ts';

/** Verbs that run no code but ours, without a second process: a signal simply ends them, but for `compile` once it writes. */
const ownVerbs = ['check', 'fmt', 'specs', 'targets', 'help', 'completion', 'inspect', 'new', 'compile'];

/** Options that bring other code, or a second target to compile to while the first is there. */
const moreThanOwn = /\0--(?:plugin|verify)|\0--target[=\0][a-z]*[^a-z\0]|\0--target.*\0--target[=\0]/;

/** A debugger is attached to one process. */
const isDebugged = (): boolean =>
  [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) => option.includes('--inspect'));

export function wantsSupervisor(argv: readonly string[]): boolean {
  const [verb = ''] = argv.slice(2);
  return (
    /^[a-z]/.test(verb) && (!ownVerbs.includes(verb) || moreThanOwn.test(argv.join('\0'))) && !isDebugged()
  );
}

export const toldAs = (argv: readonly string[]): Told => ({
  quiet: argv.includes('--quiet'),
  json: argv.includes('--json'),
  farewell: farewellOf(argv[2] ?? ''),
});
