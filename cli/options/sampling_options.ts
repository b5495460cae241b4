/** Options for how tokens are chosen, shared by `run` and `chat`. */

import { type Command, Option } from 'commander';
import { type Device, devices } from '../../compiler/ports/session.ts';
import type { GenerateOptions } from '../../runtime/generate.ts';
import { choice } from './choice.ts';
import { nonNegative, penalty, share, whole } from './read_value.ts';

export interface SamplingOptions extends Omit<GenerateOptions, 'stop'> {
  readonly tokenizer?: string;
  readonly device: Device;
}

export function withSamplingOptions(
  command: Command,
  defaults: { readonly temperature: number; readonly topK?: number },
): Command {
  return command
    .option(
      '--tokenizer <path>',
      'tokenizer.pkl, .json or .model, or a folder with one; else looked for beside the model',
    )
    .option('-n, --max-tokens <n>', 'stop after this many tokens', whole(1), 256)
    .optionsGroup('Choice of tokens:')
    .option(
      '--temperature <t>',
      '0 takes the most probable token every time',
      nonNegative,
      defaults.temperature,
    )
    .option('--top-k <k>', 'draw from the k most probable', whole(1), defaults.topK)
    .option('--top-p <p>', 'draw from the fewest that reach this probability', share)
    .option('--min-p <p>', 'draw from those at least this fraction as probable as the first', share)
    .option(
      '--repetition-penalty <x>',
      'make tokens that are in the text already less probable; 1 changes nothing',
      penalty,
    )
    .option('--seed <n>', 'of the random draws', whole(0), 42)
    .optionsGroup('Machine:')
    .addOption(deviceOption('where the model runs'));
}

export const deviceOption = (doc: string): Option =>
  choice(new Option('--device <name>', doc), devices, { gpu: 'cuda', nvidia: 'cuda' }).default('cpu');
