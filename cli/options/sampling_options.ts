/** Options for how tokens are chosen, shared by `run` and `chat`. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Device, devices } from '../../compiler/ports/session.ts';
import type { GenerateOptions } from '../../runtime/generate.ts';
import { choice } from './choice.ts';
import { whole } from './compile_options.ts';

export interface SamplingOptions {
  readonly tokenizer?: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly seed: number;
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
    .option('-n, --max-tokens <n>', 'stop after this many', whole(1), 256)
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
      'make tokens that are there already less probable, from 1 on',
      penalty,
    )
    .option('--seed <n>', 'of the draws', whole(0), 42)
    .optionsGroup('Machine:')
    .addOption(deviceOption('where the model runs'));
}

export const deviceOption = (doc: string): Option =>
  choice(new Option('--device <name>', doc), devices, { gpu: 'cuda', nvidia: 'cuda' }).default('cpu');

export function samplingOf(options: SamplingOptions): GenerateOptions {
  const { maxTokens, temperature, seed, topK, topP, minP, repetitionPenalty } = options;
  return {
    ...{ maxTokens, temperature, seed },
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
    ...(minP === undefined ? {} : { minP }),
    ...(repetitionPenalty === undefined ? {} : { repetitionPenalty }),
  };
}

function nonNegative(text: string): number {
  const n = Number(text);
  if (text.trim() === '' || !Number.isFinite(n) || n < 0)
    throw new InvalidArgumentError('say a number, 0 or more.');
  return n;
}

function share(text: string): number {
  const n = nonNegative(text);
  if (n > 1) throw new InvalidArgumentError('say a number from 0 to 1.');
  return n;
}

function penalty(text: string): number {
  const n = nonNegative(text);
  if (n < 1) throw new InvalidArgumentError('say a number of at least 1, which changes nothing.');
  return n;
}
