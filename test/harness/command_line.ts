/** The options of `npm test`; what is wrong with them is said in a line, not in a stack. */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

const options = {
  /** Only tests whose title holds these words. */
  title: { type: 'string', short: 't', default: '' },
  /** Run again what loads a file that was changed. */
  watch: { type: 'boolean', default: false },
  /** Say which lines ran, by folder. */
  coverage: { type: 'boolean', default: false },
  /** Print what would run, and which files have a process of their own and why. */
  list: { type: 'boolean', default: false },
  processes: { type: 'string', default: String(Math.max(2, Math.min(4, availableParallelism()))) },
  /** Where to look for tests; the harness's own tests look elsewhere. */
  folder: { type: 'string', default: 'test' },
  'idle-seconds': { type: 'string', default: '300' },
  'busy-seconds': { type: 'string', default: '1500' },
} as const;

const usage = `usage: npm test -- [WORD ...] [--title TEXT] [--watch] [--coverage] [--list]

Without words: type check, lint and every test. With words: the test files whose path holds one of them.
CONTRIBUTING.md, "The loop", says more.`;

const parse = (args: readonly string[]) =>
  parseArgs({ args: [...args], allowPositionals: true, allowNegative: true, options });

export function commandLine(args: readonly string[]): ReturnType<typeof parse> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parse(args);
  } catch (cause) {
    process.stderr.write(`${(cause as Error).message}\n\n${usage}\n`);
    process.exit(2);
  }
}
