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
      'of a .pt: run its code although it is not what its spec compiles to; it can do whatever you can',
    )
    .option(
      '--deadline <seconds>',
      'of a .pt: how long one call may take before it is given up; 600 when left out',
      positive,
    );
