/** Verifies a spec: compiled for every target into a folder that is removed afterwards, and what was written run and compared. */

import type { Backend } from '../../backends/backend.ts';
import { defaults } from '../compile_options.ts';
import { compileToAll, type OutputOfAll } from '../compile_to_all.ts';
import type { Inputs } from '../open_inputs.ts';
import { openable } from '../registry.ts';
import { type Caller, silent } from '../reporter.ts';
import { usage } from '../usage.ts';
import { workFolder } from '../work_folder.ts';
import { type VerifyModelsOptions, verifyModels } from './verify_models.ts';

/** Whether every check passes. Refuses as compiling does, and (N510) a target whose files cannot be run here. */
export async function verifySpec(
  backends: readonly Backend[],
  inputs: Inputs,
  options: Omit<OutputOfAll, 'out' | 'copies'> & VerifyModelsOptions = {},
  caller: Caller = { io: silent },
): Promise<boolean> {
  const takes = openable().map(({ name }) => name);
  const unknown = backends.find(({ name }) => !takes.includes(name));
  if (unknown) {
    throw usage(`nothing here runs what ${unknown.name} writes`, `verify takes ${takes.join(' and ')}`);
  }
  const { checkpoint } = inputs;
  if (!checkpoint) caller.io.note(`weights: random (seed ${options.seed ?? defaults.seed})`);
  const { folder, remove } = workFolder();
  try {
    const paths: string[] = [];
    // Numbers of somebody else are of all tokens.
    const logits = options.logits ?? (options.golden === undefined ? undefined : 'all');
    const output = { ...options, out: `${folder}/`, ...(logits ? { logits } : {}) };
    for await (const { path } of compileToAll(backends, inputs, output, caller)) paths.push(path);
    return await verifyModels(paths, { ...options, ...(checkpoint ? { opened: checkpoint } : {}) }, caller);
  } finally {
    remove();
  }
}
