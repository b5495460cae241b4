/** Reads what torch.save wrote before 1.6: five pickles in a row, then the raw storages. */

import { fileName } from '../bytes/paths.ts';
import { type LazyTensor, type Storage, storedDtypes } from './checkpoint.ts';
import { type OpenFile, readAt } from './open_file.ts';
import { PickleEnd } from './pickle_machine.ts';
import { isDict } from './pickle_opcodes.ts';
import type { Pickled } from './pickled.ts';
import { placeTensor } from './place_tensor.ts';
import { refuse } from './refuse.ts';
import { type StorageRef, type TorchValue, torchPolicy } from './torch_globals.ts';
import { findState } from './torch_state.ts';
import type { FileTensors } from './torch_zip.ts';
import { unpickleFrom } from './unpickle.ts';

const magic = 0x1950a86a20f9469cfc6cn;
const pickleLabels = [
  'the magic number',
  'the protocol',
  'the system',
  'the state dict',
  'the list of storages',
];

export function readTorchLegacy(file: OpenFile): FileTensors {
  const met = new Map<string, StorageRef>();
  const { values, end } = readPickles(file, (ref) => {
    const other = met.get(ref.key);
    if (other && other.dtype !== ref.dtype) damaged(file, `storage ${ref.key} has two types`);
    met.set(ref.key, ref);
  });
  const [first, protocol, system, root, keys] = values;
  if (first !== magic || protocol !== 1001)
    damaged(file, 'not the legacy format that torch 0.2 to 1.5 wrote');
  const bigEndian = isDict(system) && system.entries.get('little_endian') === false;
  const state = findState(root ?? null, file.path);
  const storages = locateAll(file, keys ?? null, met, end, bigEndian);
  const tensors = new Map<string, LazyTensor>();
  for (const [name, { storage: ref, shape, strides, start }] of state.tensors) {
    const whole = storages.get(ref.key);
    if (!whole) damaged(file, `${name} is in storage ${ref.key}, which the file does not list`);
    const storage = typeof ref.dtype === 'string' ? viewOf(whole, ref, storedDtypes[ref.dtype]) : whole;
    tensors.set(name, placeTensor({ name, dtype: ref.dtype, shape, strides, start, storage }));
  }
  const { config, configKey } = state;
  return { format: 'torch legacy', tensors, ...(config && { config }), ...(configKey && { configKey }) };
}

interface Pickles {
  readonly values: readonly Pickled<TorchValue>[];
  readonly end: number;
}

/** Nothing says how long the pickles are, so a window grows until they fit. */
function readPickles(file: OpenFile, met: (ref: StorageRef) => void): Pickles {
  for (let window = 2 ** 20; ; window *= 4) {
    const length = Math.min(window, file.size, 64 * 2 ** 20);
    const bytes = readAt(file, 0, length);
    const values: Pickled<TorchValue>[] = [];
    let end = 0;
    try {
      for (const label of pickleLabels) {
        const next = unpickleFrom(bytes, end, torchPolicy(file.path, met), {
          file: file.path,
          label,
          partial: true,
        });
        values.push(next.value);
        end = next.end;
      }
      return { values, end };
    } catch (cause) {
      if (!(cause instanceof PickleEnd)) throw cause;
      if (length < window) damaged(file, `it ends inside ${pickleLabels[values.length]}`);
    }
  }
}

/** Storages follow in the order of the list, each as its number of elements in eight bytes and then the elements. */
function locateAll(
  file: OpenFile,
  keys: Pickled<TorchValue>,
  met: ReadonlyMap<string, StorageRef>,
  from: number,
  bigEndian: boolean,
): ReadonlyMap<string, Storage> {
  if (!Array.isArray(keys)) damaged(file, 'its list of storages is not a list');
  const found = new Map<string, Storage>();
  let at = from;
  for (const key of keys) {
    const ref = typeof key === 'string' ? met.get(key) : undefined;
    if (!ref || typeof ref.dtype !== 'string')
      damaged(file, `no tensor says of what type storage ${String(key)} is`);
    if (found.has(ref.key)) damaged(file, `storage ${ref.key} is listed twice`);
    if (at + 8 > file.size) damaged(file, `it is truncated before storage ${ref.key}`);
    const elements = readAt(file, at, 8).readBigUInt64LE();
    const bytes = Number(elements) * storedDtypes[ref.dtype];
    if (!(bytes <= file.size - at - 8))
      damaged(file, `it is truncated inside storage ${ref.key} of ${elements} elements`);
    const { path, stamp, reopen: open } = file;
    found.set(ref.key, {
      file: path,
      stamp,
      offset: at + 8,
      bytes,
      label: `storage ${ref.key}`,
      ...(bigEndian && { bigEndian }),
      open,
    });
    at += 8 + bytes;
  }
  if (at !== file.size) damaged(file, 'bytes follow its last storage');
  return found;
}

/** The part of a storage that a reference covers, cut at its end. */
function viewOf(whole: Storage, ref: StorageRef, itemSize: number): Storage {
  const offset = Math.min(ref.start * itemSize, whole.bytes);
  return {
    ...whole,
    offset: whole.offset + offset,
    bytes: Math.min(ref.length * itemSize, whole.bytes - offset),
  };
}

function damaged(file: OpenFile, why: string): never {
  refuse('N603', `${fileName(file.path)}: damaged legacy torch file: ${why}`, {
    file: file.path,
    hint: 'load it with torch and save it again: torch.save(torch.load(path), path)',
  });
}
