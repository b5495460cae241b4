/** What `compile`, `verify` and `inspect` start from: the checkpoint that was named or found, and the spec that fits it. */

import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint } from '../compiler/checkpoint/checkpoint.ts';
import { findCheckpoint } from '../compiler/checkpoint/open_checkpoint.ts';
import { Refusal } from '../spec/diagnostic.ts';
import { bytes } from './byte_count.ts';
import type { CheckpointOptions, InputOptions } from './compile_options.ts';
import { openWeights } from './open_weights.ts';
import { type Reporter, silent } from './reporter.ts';
import { isCheckpointName, type LoadedSpec, loadSpec } from './specs/load_spec.ts';
import { besideCheckpoint, namedTokenizer, readTokenizer, type TokenizerFile } from './tokenizer_files.ts';
import { usage } from './usage.ts';

export interface FoundTokenizer {
  readonly file: TokenizerFile;
  /** Whether the user named it; otherwise it was found beside the checkpoint. */
  readonly named: boolean;
}

export interface Inputs {
  readonly spec: LoadedSpec;
  readonly checkpoint?: Checkpoint;
  readonly tokenizer?: FoundTokenizer;
}

export function openInputs(
  argument: string | undefined,
  options: InputOptions = {},
  io: Reporter = silent,
): Inputs {
  const named = options.tokenizer === undefined ? undefined : namedTokenizer(options.tokenizer);
  const misplaced = argument !== undefined && options.checkpoint === undefined && isCheckpointName(argument);
  if (misplaced) io.note(`${argument} is a checkpoint: taken as --checkpoint ${argument}`);
  const checkpoint = openNamed(misplaced ? { ...options, checkpoint: argument } : options, io);
  const spec = loadSpec(misplaced ? undefined : argument, checkpoint, options.includeFolder);
  if (spec.why) io.note(`spec: ${spec.why}`);
  const tokenizer = findTokenizer(named, checkpoint, io);
  return { spec, ...(checkpoint ? { checkpoint } : {}), ...(tokenizer ? { tokenizer } : {}) };
}

/** The checkpoint that `--checkpoint` or `--source` names, if one does. */
export function openNamed(options: CheckpointOptions, io: Reporter): Checkpoint | undefined {
  const path = checkpointPath(options);
  if (path === undefined) return undefined;
  const checkpoint = openWeights(path, options.step === undefined ? {} : { step: options.step });
  io.note(`weights: ${checkpoint.path}, ${checkpoint.format}, ${sizeText(checkpoint)}`);
  return checkpoint;
}

/** A tokenizer that was only found, and cannot be read, is noted and left out. */
function findTokenizer(named: string | undefined, checkpoint: Checkpoint | undefined, io: Reporter) {
  const path = named ?? (checkpoint && besideCheckpoint(checkpoint.path));
  if (path === undefined) return undefined;
  try {
    const file = readTokenizer(path);
    if (file.doubt) io.note(`tokenizer: ${file.doubt}`);
    return { file, named: named !== undefined };
  } catch (cause) {
    if (!(cause instanceof Refusal) || named !== undefined) throw cause;
    io.note(`tokenizer: ${path} is left out: ${cause.diagnostics[0]?.message}`);
    return undefined;
  }
}

function checkpointPath({ checkpoint, source, modelTag, step }: CheckpointOptions): string | undefined {
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

/** `165 tensors of 742 MB`: tensors as they are stored, shared storages counted once. */
export function sizeText({ tensors }: Checkpoint): string {
  const storages = new Map([...tensors.values()].map((t) => [`${t.storage.file}:${t.storage.offset}`, t]));
  const total = [...storages.values()].reduce((sum, t) => sum + t.storage.bytes, 0);
  return `${tensors.size} tensor${tensors.size === 1 ? '' : 's'} of ${bytes(total)}`;
}
