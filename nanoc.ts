#!/usr/bin/env node
/** The command line: one line per verb; only the verb that was typed is loaded, so that `nanoc check` starts fast. */

import { Command } from 'commander';
import { version } from './compiler/generated/version.ts';

type Add = (program: Command) => void;

/** In the order of the help text; each module adds one verb, or several that belong together. */
const verbs: Readonly<Record<string, () => Promise<Add>>> = {};

const program = new Command('nanoc')
  .description('compile GPT-style models written as text to files that run anywhere')
  .version(version)
  .showHelpAfterError('(add --help for what there is)');

const typed = verbs[process.argv[2] ?? ''];
for (const load of typed ? [typed] : new Set(Object.values(verbs))) (await load())(program);
await program.parseAsync();
