/** The options that say what to compile and how; `compile` and `verify` take the same ones. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Backend, TargetOption } from '../backends/backend.ts';
import { backends } from '../backends/index.ts';
import { layouts } from '../backends/layout/index.ts';
import { type Release, releases } from '../backends/torchscript/operators.ts';
import type { CacheForm } from '../compiler/manifest.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import type { GraphDType } from '../spec/type.ts';
import type { IoOptions } from './io.ts';
import { isModulePath } from './load_module.ts';
import { collect, includeOption, pluginOption } from './repeatable.ts';
import { collectSet, type SetOption } from './set_option.ts';

export interface CompileOptions extends Partial<IoOptions> {
  readonly target: readonly string[];
  readonly plugin: readonly string[];
  readonly includeFolder: readonly string[];
  readonly checkpoint?: string;
  readonly step?: number;
  readonly source?: 'base' | 'mid' | 'sft' | 'rl';
  readonly modelTag?: string;
  readonly seed: number;
  readonly set: SetOption;
  readonly cache: { readonly form: CacheForm; readonly slots?: number };
  readonly dtype: GraphDType;
  readonly opset?: number;
  readonly minLibtorch?: Release;
  readonly ignoreExtra: readonly string[];
  readonly maxSeqLen?: number;
  /** `last` in a layout and `all` elsewhere when left out. */
  readonly logits?: 'all' | 'last';
  readonly layout?: string;
  readonly external?: 'auto' | 'always' | 'never';
}

export const defaultOpset = 21;

const storage: Readonly<Record<string, GraphDType>> = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' };

export function withCompileOptions(command: Command): Command {
  const names = backends.map((b) => b.name);
  const first = command
    .addOption(
      new Option(
        '--target <name>',
        `what to compile to: ${names.join(', ')}, or a file with a backend of yours (repeatable)`,
      )
        .default([], names[0] ?? '')
        .argParser(collect((name) => (isModulePath(name) ? name : oneOf(names)(name)))),
    )
    .addOption(pluginOption())
    .addOption(includeOption())
    .option('--checkpoint <path>', 'weights: a nanochat folder, .pt, .safetensors or sharded index')
    .option('--step <n>', 'the step of a checkpoint folder; newest by default', whole(0))
    .addOption(
      new Option(
        '--source <kind>',
        "find the checkpoint in nanochat's base folder (NANOCHAT_BASE_DIR)",
      ).choices(['base', 'mid', 'sft', 'rl']),
    )
    .option('--model-tag <tag>', 'with --source: which model, such as d20; the deepest by default')
    .option('--seed <n>', 'of the random weights that stand in for a missing checkpoint', whole(0), 0)
    .option('--set <name=value>', 'override a config entry (repeatable)', collectSet, new Map())
    .addOption(
      new Option('--cache <form>', 'none, dynamic, or static[:slots]')
        .default({ form: 'dynamic' }, 'dynamic')
        .argParser(cacheForm),
    )
    .addOption(
      new Option('--dtype <type>', 'storage of the weights: f32, f16, bf16')
        .default('float32', 'f32')
        .argParser((text: string) => storage[oneOf(Object.keys(storage))(text)]),
    )
    .option('--opset <n>', `ONNX operator set, 17 to 26; ${defaultOpset} when left out`, opsetNumber)
    .addOption(
      new Option(
        '--min-libtorch <release>',
        `the oldest LibTorch that loads a TorchScript archive; ${releases[0]} when left out`,
      ).choices(releases),
    );
  return withBoundaryOptions(first);
}

/** What of the checkpoint is taken, and what the files are like. */
function withBoundaryOptions(command: Command): Command {
  return command
    .option('--ignore-extra <glob>', 'tensors that the spec does not use (repeatable)', collect(String), [])
    .option(
      '--max-seq-len <n>',
      'how many positions rotations are computed for; what the spec declares when left out',
      whole(1),
    )
    .addOption(
      new Option(
        '--logits <which>',
        'for every position, or the last; when left out the last in a layout, all elsewhere',
      ).choices(['all', 'last']),
    )
    .addOption(
      new Option(
        '--layout <name>',
        `the files around the model; plain when left out: ${layouts.map((l) => `${l.name}: ${l.doc}`).join('; ')}`,
      ).choices(['plain', ...layouts.map((l) => l.name)]),
    )
    .addOption(
      new Option(
        '--external <when>',
        'weights beside the ONNX model: above 1.5 GB when left out (auto), always, never',
      ).choices(['auto', 'always', 'never']),
    );
}

const flags: Readonly<Record<TargetOption, string>> = {
  opset: '--opset',
  external: '--external',
  minLibtorch: '--min-libtorch',
};

/** An option that none of the targets reads was meant for another one. */
export function refuseUnread(options: Pick<CompileOptions, TargetOption>, targets: readonly Backend[]): void {
  const given = (Object.keys(flags) as TargetOption[]).filter((key) => options[key] !== undefined);
  const reads = (key: TargetOption) => (b: Backend) => b.reads?.includes(key) ?? true;
  for (const key of given.filter((k) => !targets.some(reads(k)))) {
    const [wanted] = backends.filter(reads(key));
    throw new Refusal([
      error('N510', `${flags[key]} means nothing to ${targets.map((t) => t.name).join(' and ')}`, {
        hint: `it is for --target ${wanted?.name ?? ''}; leave one of the two out`,
      }),
    ]);
  }
}

export const whole =
  (least: number) =>
  (text: string): number => {
    const n = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(n) || n < least) {
      throw new InvalidArgumentError(`say a whole number of at least ${least}.`);
    }
    return n;
  };

const [oldest, newest] = [17, 26];

function opsetNumber(text: string): number {
  const n = Number(text);
  if (!/^\d+$/.test(text) || n < oldest || n > newest) {
    throw new InvalidArgumentError(`say a whole number from ${oldest} to ${newest}.`);
  }
  return n;
}

export function positive(text: string): number {
  const n = Number(text);
  if (text.trim() === '' || !Number.isFinite(n) || n <= 0)
    throw new InvalidArgumentError('say a number above 0.');
  return n;
}

const oneOf =
  (names: readonly string[]) =>
  (text: string): string => {
    if (!names.includes(text)) throw new InvalidArgumentError(`allowed: ${names.join(', ')}.`);
    return text;
  };

function cacheForm(text: string): CompileOptions['cache'] {
  const match = /^(none|dynamic|static)(?::([1-9]\d*))?$/.exec(text);
  const form = match?.[1] as CacheForm | undefined; // one of the alternatives of the pattern
  if (!form || (match?.[2] && form !== 'static')) {
    throw new InvalidArgumentError('allowed: none, dynamic, static, static:SLOTS.');
  }
  return match?.[2] ? { form, slots: Number(match[2]) } : { form };
}
