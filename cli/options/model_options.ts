/** Options of the verbs that open a compiled model. */

import type { Command } from 'commander';
import type { OpenOptions } from '../../backends/opened_model.ts';
import { positive } from './read_value.ts';

export interface ModelOptions extends Pick<OpenOptions, 'trustCode' | 'deadline'> {
  readonly plugin: readonly string[];
}

export const withModelOptions = (command: Command): Command =>
  command
    .option(
      '--trust-code',
      'run a .pt whatever code it holds; else only the code that nanoc writes for its spec is run. Such code can do all that you can: only for files that you trust',
    )
    .option(
      '--deadline <seconds>',
      'end a call of a .pt, which runs in a process of its own, that takes longer than this [default 600]',
      positive,
    );
