/** The verbs, one line each; only the one that was typed is loaded, so that `nanoc check` starts fast. */

import { Command, CommanderError } from 'commander';
import { version } from '../compiler/generated/version.ts';
import { exitCodes } from './command.ts';

type Add = (program: Command) => void;

const lists = async (): Promise<Add> => (await import('./lists.ts')).addLists;

/** In the order of the help text; each module adds one verb, or several that belong together. */
const verbs: Readonly<Record<string, () => Promise<Add>>> = {
  compile: async () => (await import('./compile.ts')).addCompile,
  verify: async () => (await import('./verify.ts')).addVerify,
  run: async () => (await import('./run.ts')).addRun,
  check: async () => (await import('./check.ts')).addCheck,
  fmt: async () => (await import('./fmt.ts')).addFmt,
  inspect: async () => (await import('./inspect.ts')).addInspect,
  targets: lists,
  specs: lists,
};

/** `argv` as Node has it, two words before the first argument; leaves the exit code in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('nanoc')
    .description('compile GPT-style models written as text to files that run anywhere')
    .version(version)
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride();
  const typed = verbs[argv[2] ?? ''];
  for (const load of typed ? [typed] : new Set(Object.values(verbs))) (await load())(program);
  try {
    await program.parseAsync(argv);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // Help and the version end with 0; whatever else commander stops at is usage.
    process.exitCode = thrown.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  }
}
