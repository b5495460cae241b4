/** What to compile and how, for programs and for the command line; `defaults` are the values of options that are left out. */

import type { OptionValue } from '../backends/target_option.ts';
import type { Checkpoint } from '../compiler/checkpoint/checkpoint.ts';
import type { CacheForm } from '../compiler/ports/manifest.ts';
import type { ConfigValue } from '../spec/program.ts';
import type { GraphDType } from '../spec/type.ts';

/** Where the weights are: a path, or a kind in nanochat's own folder. */
export interface CheckpointOptions {
  readonly checkpoint?: string;
  readonly step?: number;
  readonly source?: 'base' | 'mid' | 'sft' | 'rl';
  readonly modelTag?: string;
}

/** The weights that a model is compared with. */
export interface ComparedWeights extends CheckpointOptions {
  /** The checkpoint itself, where it is open already; what the other options name is not opened then. */
  readonly opened?: Checkpoint;
  /** Files of plugins that the model was compiled with, for messages. */
  readonly plugin?: readonly string[];
}

export interface InputOptions extends CheckpointOptions {
  /** What a spec may include from, besides its own folder. */
  readonly includeFolder?: readonly string[];
  readonly tokenizer?: string;
}

export interface CompileOptions extends InputOptions {
  /** What the target declares, by name: `{ opset: 23 }`. */
  readonly targetOptions?: Readonly<Record<string, OptionValue>>;
  /** Seed of the random weights that are used without a checkpoint. */
  readonly seed?: number;
  readonly set?: ReadonlyMap<string, ConfigValue>;
  readonly cache?: { readonly form: CacheForm; readonly slots?: number };
  /** Storage of the weights. */
  readonly dtype?: GraphDType;
  /** Patterns of tensors that the spec does not use. */
  readonly ignoreExtra?: readonly string[];
  readonly maxSeqLen?: number;
  /** When left out, `last` in a layout, and elsewhere where those of a whole text would take more than 64 MB. */
  readonly logits?: 'all' | 'last';
  readonly layout?: string;
}

export type CacheOption = NonNullable<CompileOptions['cache']>;

/** Forms of the cache as they are typed: `static:300` has slots. */
export const cacheForms = ['none', 'dynamic', 'static'] as const satisfies readonly CacheForm[];

export const cacheWord = ({ form, slots }: CacheOption): string =>
  slots === undefined ? form : `${form}:${slots}`;

/** Undefined for what is no form. */
export function readCache(text: string): CacheOption | undefined {
  const [, word, slots] = /^(\w+)(?::([1-9]\d*))?$/.exec(text) ?? [];
  const form = cacheForms.find((known) => known === word);
  if (!form || (slots !== undefined && form !== 'static')) return undefined;
  return slots === undefined ? { form } : { form, slots: Number(slots) };
}

/** Dtypes as they are typed. */
export const dtypeWords: Readonly<Record<string, GraphDType>> = {
  f32: 'float32',
  f16: 'float16',
  bf16: 'bfloat16',
};

export const defaults = {
  seed: 0,
  cache: { form: 'dynamic' },
  dtype: 'float32',
} as const satisfies CompileOptions;
