/** A spec and its weights to the files of several targets, one after the other. */

import type { Backend } from '../backends/backend.ts';
import type { OptionValue } from '../backends/target_option.ts';
import { compileTo, type Output, type Written } from './compile_to.ts';
import type { Inputs } from './open_inputs.ts';
import { type Caller, silent } from './reporter.ts';
import { optionsFor } from './target_options.ts';

export interface OutputOfAll extends Omit<Output, 'targets'> {
  /** What is meant for any of the targets; each is told what it reads of it. `targetOptions` are told to all of them. */
  readonly sharedOptions?: Readonly<Record<string, OptionValue>>;
}

/** Gives each model when it is written; `copies` go beside the first. Refuses as `compileTo` does, and (N510) shared options that no target reads. */
export async function* compileToAll(
  backends: readonly Backend[],
  inputs: Inputs,
  options: OutputOfAll = {},
  caller: Caller = { io: silent },
): AsyncGenerator<Written, void, void> {
  for (const backend of backends)
    yield await compileTo(backend, inputs, outputFor(backend, backends, options), caller);
}

/** What one of the targets is told. */
export function outputFor(
  backend: Backend,
  backends: readonly Backend[],
  { sharedOptions = {}, copies, ...options }: OutputOfAll,
): Output {
  return {
    ...options,
    ...(copies && backend === backends[0] ? { copies } : {}),
    targetOptions: { ...optionsFor(backend, backends, sharedOptions), ...options.targetOptions },
    targets: backends.length,
  };
}
