/** Opens whatever a user calls a checkpoint: its index is read and checked, its tensors stay in the file. */

import { type Diagnostic, warning } from '../../spec/diagnostic.ts';
import { fileName } from '../bytes/paths.ts';
import type { Checkpoint, LazyTensor } from './checkpoint.ts';
import { findConfig } from './find_config_node.ts';
import { locate } from './locate_node.ts';
import { refuseMany } from './open_file.ts';
import { readShards } from './read_shards_node.ts';
import { readTensorFile } from './read_tensor_file.ts';
import { refuse } from './refuse.ts';

export { findCheckpoint } from './nanochat_folders_node.ts';

export interface OpenOptions {
  /** Step of training to open in a nanochat folder; the newest when left out. */
  readonly step?: number;
}

/**
 * `path` may be a `.pt` (zip or legacy), a `.safetensors`, an index of shards, a nanochat folder, a Hugging Face folder.
 * Throws a Refusal (N601 to N607, N611 to N615, N622) when it is none of them, or damaged.
 */
export function openCheckpoint(path: string, options: OpenOptions = {}): Checkpoint {
  const file = locate(path, options.step);
  const read = file.endsWith('.index.json') ? readShards(file) : { ...readTensorFile(file), files: [file] };
  const tensors = unwrapped(read.tensors, file);
  const { config, configFile, meta, path: beside } = findConfig(file, read, tensors);
  return {
    format: read.format,
    path,
    files: [...read.files, ...(beside === undefined ? [] : [beside])],
    tensors,
    warnings: parallel(read.tensors, file),
    ...(config && { config }),
    ...(configFile !== undefined && { configFile }),
    ...(meta && { meta }),
  };
}

/** Drops the prefixes that torch.compile and data-parallel training add to the names of modules. */
const withoutWrappers = (name: string): string =>
  name.replace(/^(module\.|_orig_mod\.)+/, '').replaceAll('._orig_mod.', '.');

/** Warns when the prefix of data-parallel training was dropped. */
function parallel(tensors: ReadonlyMap<string, LazyTensor>, file: string): readonly Diagnostic[] {
  const all = [...tensors.keys()];
  const dropped = all.filter((name) => /^(_orig_mod\.)*module\./.test(name));
  const [first] = dropped;
  if (first === undefined) return [];
  const how = dropped.length === all.length ? 'all' : `${dropped.length} of ${all.length}`;
  return [
    warning('N626', `\`module.\` is dropped from ${how} names of tensors`, {
      file,
      found: first,
      hint: 'DistributedDataParallel puts it there; nothing is wrong if the model was trained with it',
    }),
  ];
}

function unwrapped(tensors: ReadonlyMap<string, LazyTensor>, file: string): ReadonlyMap<string, LazyTensor> {
  refuseMany({ path: file }, tensors.size);
  const result = new Map<string, LazyTensor>();
  for (const [key, tensor] of tensors) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they would reach the user's terminal
    if (key === '' || key.length > 1000 || /[\u0000-\u001f\u007f-\u009f]/.test(key))
      refuse('N602', `${fileName(file)} has a tensor named ${JSON.stringify(key.slice(0, 100))}`, { file });
    const name = withoutWrappers(key);
    if (result.has(name))
      refuse('N602', `${fileName(file)} has two tensors named ${name}, one of them as ${key}`, { file });
    result.set(name, { ...tensor, name });
  }
  return result;
}
