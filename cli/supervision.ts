/** Which commands run in a process of their own, and what is said when a signal ends one. */

import type { Told } from '../driver/process/supervise.ts';
import { farewellOf } from './farewell.ts';

/** Verbs that run no code but ours, without a second process: a signal simply ends them, but for `compile` once it writes. */
const ownVerbs = ['check', 'fmt', 'specs', 'targets', 'help', 'completion', 'inspect', 'new', 'compile'];

/** Whether options bring code of others, or a second target, which is compiled to while the first is there. */
function bringsMore(words: readonly string[]): boolean {
  const targets = words.flatMap((word, i) =>
    word === '--target'
      ? [words[i + 1] ?? '']
      : word.startsWith('--target=')
        ? [word.slice('--target='.length)]
        : [],
  );
  const isFileOrList = (target: string): boolean => /[^a-z]/.test(target);
  return (
    words.some((word) => /^--(?:plugin|verify)/.test(word)) ||
    targets.length > 1 ||
    targets.some(isFileOrList)
  );
}

/** A debugger is attached to one process. */
const isDebugged = (): boolean =>
  [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) => option.includes('--inspect'));

export function wantsSupervisor(argv: readonly string[]): boolean {
  const [verb = '', ...words] = argv.slice(2);
  return /^[a-z]/.test(verb) && (!ownVerbs.includes(verb) || bringsMore(words)) && !isDebugged();
}

export const toldAs = (argv: readonly string[]): Told => ({
  quiet: argv.includes('--quiet'),
  json: argv.includes('--json'),
  farewell: farewellOf(argv[2] ?? ''),
});
