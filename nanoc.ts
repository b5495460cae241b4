#!/usr/bin/env node
/** The command line: one line per verb; only the verb that was typed is loaded, so that `nanoc check` starts fast. */

import { Command, CommanderError } from 'commander';
import { exitCodes } from './cli/command.ts';
import { version } from './compiler/generated/version.ts';

type Add = (program: Command) => void;

const lists = async (): Promise<Add> => (await import('./cli/lists.ts')).addLists;

/** In the order of the help text; each module adds one verb, or several that belong together. */
const verbs: Readonly<Record<string, () => Promise<Add>>> = {
  compile: async () => (await import('./cli/compile.ts')).addCompile,
  verify: async () => (await import('./cli/verify.ts')).addVerify,
  run: async () => (await import('./cli/run.ts')).addRun,
  check: async () => (await import('./cli/check.ts')).addCheck,
  fmt: async () => (await import('./cli/fmt.ts')).addFmt,
  inspect: async () => (await import('./cli/inspect.ts')).addInspect,
  targets: lists,
  specs: lists,
};

async function main(argv: readonly string[]): Promise<void> {
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

await main(process.argv);
