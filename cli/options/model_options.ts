/** Options of the verbs that open a compiled model. */

import type { Command } from 'commander';
import type { OpenOptions } from '../../backends/opened_model.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import type { Context } from '../command.ts';
import { positive } from './read_value.ts';

export interface ModelOptions {
  readonly plugin: readonly string[];
  readonly trustCode?: boolean;
  readonly deadline?: number;
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

/** `plugins` are passes of what the command line names; the plugins that a model was compiled with are never looked for. */
export function openOptions(
  { signal }: Pick<Context, 'signal'>,
  { trustCode = false, deadline }: Omit<ModelOptions, 'plugin'>,
  plugins: readonly Pass[],
): OpenOptions {
  return { plugins, trustCode, signal, ...(deadline === undefined ? {} : { deadline }) };
}
