/** From the path a user typed to the one file that holds the tensors, or their index. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { largestTag, stepFile, stepsIn } from './nanochat_folders_node.ts';
import { refuse } from './refuse.ts';

export function locate(path: string, step: number | undefined): string {
  if (!existsSync(path)) {
    refuse('N601', `no checkpoint at ${path}`, {
      file: path,
      hint: 'name a folder with model_NNNNNN.pt, a .pt or .safetensors file, or a Hugging Face folder',
    });
  }
  if (isFolder(path)) return inFolder(path, step);
  if (step !== undefined && stepsIn([basename(path)])[0] !== step)
    refuse('N510', `${path} is a file, so there is no step ${step} to choose`, {
      file: path,
      hint: 'name its folder, or leave --step out',
    });
  return path;
}

function inFolder(folder: string, step: number | undefined): string {
  const names = sortedEntries(folder);
  const steps = stepsIn(names);
  if (steps.length > 0) return join(folder, stepFile(folder, steps, step));
  if (step !== undefined)
    refuse('N601', `${folder} has no model_NNNNNN.pt, so no step ${step}`, { file: folder });
  const found =
    names.find((n) => preferredNames.includes(n)) && preferredNames.find((n) => names.includes(n));
  if (found) return join(folder, found);
  const single = names.filter((n) => /\.(safetensors|pt|pth|bin)$/.test(n) && !trainingStateName.test(n));
  if (single.length === 1) return join(folder, single[0]!);
  const tag = largestTag(folder);
  if (tag !== undefined) return inFolder(join(folder, tag), step);
  return refuseFolder(folder, names, single);
}

/** The names to look for in a folder, in this order. */
const preferredNames = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'ckpt.pt',
  'model.pt',
  'lit_model.pth',
];

/** Matches names of files that hold states of training (optimisers, random numbers) and no model. */
const trainingStateName =
  /^(optim|optimizer|scheduler|scaler|training_args|rng_state|token_bytes)|\.index\.json$|-of-\d+\./;

function refuseFolder(folder: string, names: readonly string[], several: readonly string[]): never {
  const sources = names.filter((n) => n.endsWith('_checkpoints')).map((n) => n.replace('_checkpoints', ''));
  if (several.length > 1) {
    refuse('N601', `${folder} has several checkpoints: ${several.slice(0, 10).join(', ')}`, {
      file: folder,
      hint: 'name one of them',
    });
  }
  refuse('N601', `no checkpoint in folder ${folder}`, {
    file: folder,
    expected: 'model_NNNNNN.pt with meta_NNNNNN.json, model.safetensors, or an index of shards',
    found: names.length === 0 ? 'an empty folder' : names.slice(0, 10).join(', '),
    ...(sources.length > 0 && {
      hint: `one folder deeper, as in ${join(folder, `${sources[0]}_checkpoints`)}`,
    }),
  });
}

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // opening it will say what is wrong
  }
};

/** Names in a folder, sorted so that no message depends on the file system. */
function sortedEntries(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    refuse('N601', `${folder} cannot be read: ${why}`, { file: folder });
  }
}
