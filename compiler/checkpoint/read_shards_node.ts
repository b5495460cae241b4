/** Reads an index of shards (`*.index.json`): which file holds which tensor. */

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Json, LazyTensor } from './checkpoint.ts';
import { readSmall } from './file_node.ts';
import { readTensorFile } from './read_tensor_file.ts';
import { refuse } from './refuse.ts';
import { isObject } from './safetensors.ts';
import { parseJson } from './strict_json.ts';
import type { FileTensors } from './torch_zip.ts';

export interface Shards extends FileTensors {
  readonly files: readonly string[];
}

const limits = { bytes: 100_000_000, shards: 10_000 } as const;

export function readShards(index: string): Shards {
  const wanted = readIndex(index);
  const shards = [...new Set(wanted.values())].sort();
  if (shards.length > limits.shards)
    bad(index, `names ${shards.length} shards; ${limits.shards} is the limit`);
  const tensors = new Map<string, LazyTensor>();
  const files = shards.map((shard) => join(dirname(index), shard));
  const gone = shards.filter((_, i) => !existsSync(files[i]!));
  if (gone.length > 0) {
    const some = gone.length > 3 ? [...gone.slice(0, 3), '...'] : gone;
    refuse('N601', `${basename(index)} names ${gone.length} of ${shards.length} files that are not there`, {
      file: index,
      found: `no ${some.join(', ')}`,
      hint: 'copy or download them beside it',
    });
  }
  let format = 'safetensors';
  for (const [i, shard] of shards.entries()) {
    const read = readTensorFile(files[i]!);
    format = read.format;
    for (const [name, tensor] of read.tensors) {
      if (wanted.get(name) !== shard) {
        const place = wanted.get(name);
        bad(
          index,
          `puts ${name} ${place === undefined ? 'nowhere' : `into ${place}`}, but ${shard} holds it`,
        );
      }
      tensors.set(name, tensor);
    }
  }
  const absent = [...wanted.keys()].find((name) => !tensors.has(name));
  if (absent !== undefined) bad(index, `puts ${absent} into ${wanted.get(absent)}, which does not hold it`);
  return { format: `sharded ${format}`, tensors, files: [index, ...files] };
}

function readIndex(index: string): ReadonlyMap<string, string> {
  const parsed = parseJson(readSmall(index, limits.bytes));
  if ('problem' in parsed) bad(index, `is not valid JSON: ${parsed.problem}`);
  const map: Json | undefined = isObject(parsed.value) ? parsed.value['weight_map'] : undefined;
  if (!isObject(map)) bad(index, 'has no "weight_map" that says where tensors are');
  const wanted = new Map<string, string>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || !plainName(shard))
      bad(index, `puts ${name} into ${JSON.stringify(shard)}, which is not a file beside it`);
    wanted.set(name, shard);
  }
  if (wanted.size === 0) bad(index, 'lists no tensors');
  return wanted;
}

const plainName = (name: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  name !== '' && name !== '.' && name !== '..' && !/[/\\\u0000-\u001f]/.test(name);

function bad(index: string, why: string): never {
  refuse('N614', `${basename(index)} ${why}`, { file: index, hint: 'copy or download the folder again' });
}
