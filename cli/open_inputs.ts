/** What `compile`, `verify` and `inspect` start from: the checkpoint that was named or found, and the spec that fits it. */

import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint } from '../compiler/weights/checkpoint.ts';
import { findCheckpoint, openCheckpoint } from '../compiler/weights/open_checkpoint.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import type { CompileOptions } from './compile_options.ts';
import { bytes, type Io } from './io.ts';
import { type LoadedSpec, loadSpec } from './load_spec.ts';

export interface Inputs {
  readonly spec: LoadedSpec;
  readonly checkpoint?: Checkpoint;
}

type Where = Pick<CompileOptions, 'checkpoint' | 'step' | 'source' | 'modelTag'>;

export function openInputs(argument: string | undefined, options: Where, io: Io): Inputs {
  const path = checkpointPath(options);
  if (path === undefined) return { spec: loadSpec(argument, undefined) };
  const checkpoint = openCheckpoint(path, options.step === undefined ? {} : { step: options.step });
  io.note(`weights: ${checkpoint.path}, ${checkpoint.format}, ${sizeText(checkpoint)}`);
  const spec = loadSpec(argument, checkpoint);
  if (spec.why) io.note(`spec: ${spec.why}`);
  return { spec, checkpoint };
}

function checkpointPath({ checkpoint, source, modelTag, step }: Where): string | undefined {
  if (checkpoint !== undefined && source !== undefined) {
    throw usage('--checkpoint and --source both name a checkpoint', 'give one of them');
  }
  if (source === undefined) {
    if (modelTag !== undefined)
      throw usage('--model-tag needs --source', 'add --source base, mid, sft or rl');
    if (step !== undefined && checkpoint === undefined) {
      throw usage('--step needs a checkpoint', 'add --checkpoint DIR or --source');
    }
    return checkpoint;
  }
  return findCheckpoint({
    baseDir: process.env['NANOCHAT_BASE_DIR'] ?? join(homedir(), '.cache', 'nanochat'),
    source,
    ...(modelTag === undefined ? {} : { tag: modelTag }),
    ...(step === undefined ? {} : { step }),
  });
}

export const usage = (message: string, hint: string): Refusal =>
  new Refusal([error('N510', message, { hint })]);

/** `165 tensors, 742 MB`: tensors as they are stored, shared storages counted once. */
export function sizeText({ tensors }: Checkpoint): string {
  const storages = new Map([...tensors.values()].map((t) => [`${t.storage.file}:${t.storage.offset}`, t]));
  const total = [...storages.values()].reduce((sum, t) => sum + t.storage.bytes, 0);
  return `${tensors.size} tensor${tensors.size === 1 ? '' : 's'}, ${bytes(total)}`;
}
