/** Options of the verbs that open a compiled model. */

import type { Command } from 'commander';
import type { OpenOptions } from '../../backends/opened_model.ts';
import { extensionsText, openable } from '../../driver/registry.ts';
import { positive, whole } from './read_value.ts';

export interface ModelOptions extends Pick<OpenOptions, 'trustCode' | 'deadline' | 'threads'> {
  readonly plugin: readonly string[];
}

export function withModelOptions(command: Command): Command {
  const extension = extensionsText(openable().filter(({ file }) => file.isProgram));
  return command
    .option(
      '--trust-code',
      `run a ${extension} whatever code it holds; else only the code that nanoc writes for its spec is run. Such code can do all that you can: only for files that you trust`,
    )
    .option(
      '--deadline <seconds>',
      `end a call of a ${extension}, which runs in a process of its own, that takes longer than this [default 600]`,
      positive,
    )
    .option('--threads <n>', 'threads that a call takes [default all of the machine]', whole(1, 1024));
}
