/** Options for what to compile and how, shared by `compile` and `verify`. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OptionValue, TargetOption } from '../../backends/target_option.ts';
import {
  type CacheOption,
  cacheForms,
  defaults,
  dtypeWords,
  type CompileOptions as OfDriver,
  readCache,
} from '../../driver/compile_options.ts';
import type { OutputOfAll } from '../../driver/compile_to_all.ts';
import { targets, usualTarget } from '../../driver/registry.ts';
import { addedOptions, docOf } from '../../driver/target_list.ts';
import { allowedText, flagOf, optionValue, ownOptions } from '../../driver/target_options.ts';
import { layoutNames } from '../../driver/with_layout.ts';
import { limits } from '../../spec/limits.ts';
import type { IoOptions } from '../output/io.ts';
import { choice, notAmong, type OtherWords, oneOf } from './choice.ts';
import { nameAndValue, whole } from './read_value.ts';
import { collect, includeOption, pluginOption } from './repeatable.ts';
import { type SetOption, setOption } from './set_option.ts';

/** Options as typed; those that may be repeated are always present. */
export interface CompileOptions extends OfDriver, Partial<IoOptions> {
  readonly target: readonly string[];
  readonly plugin: readonly string[];
  readonly includeFolder: readonly string[];
  readonly targetOption: readonly (readonly [name: string, value: string])[];
  readonly set: SetOption;
}

/** Names of dtypes in PyTorch, numpy and other converters. */
const otherTypes: OtherWords = {
  ...{ fp32: 'f32', float32: 'f32', float: 'f32', single: 'f32', full: 'f32' },
  ...{ fp16: 'f16', float16: 'f16', half: 'f16' },
  ...{ bfloat16: 'bf16', bfloat: 'bf16' },
};

export function withCompileOptions(command: Command): Command {
  return withBoundaryOptions(withTargetOptions(withWeightOptions(command)));
}

function withWeightOptions(command: Command): Command {
  const source = new Option(
    '--source <kind>',
    "find the checkpoint in nanochat's own folder, NANOCHAT_BASE_DIR or ~/.cache/nanochat",
  );
  return command
    .optionsGroup('Weights:')
    .option('--checkpoint <path>', 'a nanochat folder, .pt, .safetensors or sharded index')
    .option('--step <n>', 'the step of a checkpoint folder; the newest when left out', whole(0))
    .addOption(choice(source, ['base', 'mid', 'sft', 'rl']))
    .option('--model-tag <tag>', 'with --source: which model, such as d20; the deepest when left out')
    .option(
      '--ignore-extra <glob>',
      'leave out tensors of such names, which the spec does not use (repeatable)',
      collect(String),
      [],
    )
    .option(
      '--seed <n>',
      'of the random weights that stand in for a missing checkpoint',
      whole(0),
      defaults.seed,
    );
}

function withTargetOptions(command: Command): Command {
  const target = new Option(
    '--target <name>',
    'what to compile to, or a file with a backend of yours (repeatable)',
  );
  // For help and completion; a plugin may bring further ones, so that what is typed is looked up when plugins are loaded.
  target.argChoices = targets().map((b) => b.name);
  command
    .optionsGroup('Target:')
    .addOption(target.default([], usualTarget().name).argParser(collect(String)));
  for (const [name, option] of Object.entries(ownOptions)) command.addOption(declaredOption(name, option));
  return command
    .addOption(
      new Option(
        '--target-option <name=value>',
        `an option that a backend of yours declares (repeatable)${addedOptions()}`,
      )
        .default([])
        .argParser(collect((text) => nameAndValue(text))),
    )
    .addOption(pluginOption())
    .addOption(includeOption());
}

function declaredOption(name: string, option: TargetOption): Option {
  const { value, choices } = option;
  const typed = new Option(`${flagOf(name)} ${value}`, docOf(option));
  // Only for the help: what was not typed is left to the target.
  if (option.default !== undefined) typed.defaultValueDescription = String(option.default);
  if (choices) return choice(typed, choices);
  return typed.argParser((text: string) => {
    const found = optionValue(option, text);
    if (found === undefined) throw new InvalidArgumentError(`say ${allowedText(option)}.`);
    return found;
  });
}

/** What was typed for targets: of those that come with nanoc by the flags that they declare, and for others by name. */
export function targetOptionsOf(
  options: Pick<CompileOptions, 'targetOption'>,
): Required<Pick<OutputOfAll, 'sharedOptions' | 'targetOptions'>> {
  const typed = options as Readonly<Record<string, unknown>>;
  const given = Object.keys(ownOptions).filter((name) => typed[name] !== undefined);
  return {
    sharedOptions: Object.fromEntries(given.map((name) => [name, typed[name] as OptionValue])), // as `declaredOption` reads it
    targetOptions: Object.fromEntries(options.targetOption),
  };
}

/** Options for the inputs and outputs of the model. */
function withBoundaryOptions(command: Command): Command {
  const dtype = new Option('--dtype <type>', 'storage of the weights').default(defaults.dtype, 'f32');
  dtype.argChoices = Object.keys(dtypeWords);
  const readType = oneOf(dtype.argChoices, otherTypes);
  const cache = new Option(
    '--cache <form>',
    'how keys and values of past tokens are kept: not at all, growing with the text, or in N slots (static:N)',
  );
  cache.argChoices = [...cacheForms];
  const layout = new Option(
    '--layout <name>',
    'the files around the model, for the client that opens it; plain when left out',
  );
  layout.argChoices = [...layoutNames()]; // a plugin may bring further ones
  return command
    .optionsGroup('Model:')
    .addOption(setOption())
    .addOption(dtype.argParser((text: string) => dtypeWords[readType(text)]))
    .addOption(cache.default(defaults.cache, defaults.cache.form).argParser(cacheForm))
    .option(
      '--max-seq-len <n>',
      'how many positions rotations are computed for; what the spec declares when left out',
      whole(1),
    )
    .addOption(
      choice(
        new Option(
          '--logits <which>',
          'which positions get logits; when left out, last in a layout and where those of a whole text take more than 64 MB',
        ),
        ['all', 'last'],
      ),
    )
    .addOption(layout);
}

function cacheForm(text: string): CacheOption {
  const cache = readCache(text);
  if (!cache) throw notAmong(text, [...cacheForms, 'static:SLOTS']);
  if ((cache.slots ?? 0) > limits.slots)
    throw new InvalidArgumentError(`${limits.slots} slots are the most.`);
  return cache;
}
