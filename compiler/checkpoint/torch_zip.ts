/** Reads what torch.save has written since 1.6: a zip with a pickle and one record per storage. */

import { fileName } from '../bytes/paths.ts';
import type { JsonObject, LazyTensor, Storage } from './checkpoint.ts';
import { storedDtypes } from './checkpoint.ts';
import type { OpenFile } from './open_file.ts';
import { placeTensor } from './place_tensor.ts';
import { refuse } from './refuse.ts';
import { type StorageRef, torchPolicy } from './torch_globals.ts';
import { findState } from './torch_state.ts';
import { unpickle } from './unpickle.ts';
import { readEntry, readZip, type Zip } from './zip_node.ts';

/** What every reader of one file returns. */
export interface FileTensors {
  readonly format: string;
  readonly tensors: ReadonlyMap<string, LazyTensor>;
  readonly config?: JsonObject;
  readonly configKey?: string;
}

export const pickleLimit = 64 * 2 ** 20;

export function readTorchZip(file: OpenFile): FileTensors {
  const zip = readZip(file);
  const root = zip.first.slice(0, zip.first.indexOf('/') + 1);
  const pickle = zip.entries.get(`${root}data.pkl`);
  refuseOtherArchives(file, zip, root);
  if (!pickle) {
    refuse('N602', `${fileName(file.path)} is a zip without data.pkl, not a torch checkpoint`, {
      file: file.path,
    });
  }
  const bytes = readEntry(file, pickle, pickleLimit);
  const value = unpickle(bytes, torchPolicy(file.path), { file: file.path, label: 'data.pkl' });
  const state = findState(value, file.path);
  const bigEndian = byteOrder(file, zip, root) === 'big';
  const tensors = new Map<string, LazyTensor>();
  for (const [name, ref] of state.tensors) {
    const storage = locateStorage({ file, zip, root, bigEndian }, name, ref.storage);
    const { start, shape, strides } = ref;
    tensors.set(name, placeTensor({ name, dtype: ref.storage.dtype, start, shape, strides, storage }));
  }
  const { config, configKey } = state;
  return { format: 'torch zip', tensors, ...(config && { config }), ...(configKey && { configKey }) };
}

function refuseOtherArchives(file: OpenFile, zip: Zip, root: string): void {
  const outside = [...zip.entries.keys()].find((name) => !name.startsWith(root));
  if (outside !== undefined) {
    refuse('N602', `${fileName(file.path)} holds two archives: ${outside} lies beside ${root}`, {
      file: file.path,
      hint: 'torch refuses it too; take it apart, and save the one that is meant',
    });
  }
  const code = [...zip.entries.keys()].find(
    (name) => name === `${root}constants.pkl` || name.startsWith(`${root}code/`),
  );
  if (code === undefined) return;
  refuse(
    'N602',
    `${fileName(file.path)} is a TorchScript archive, not a checkpoint: it holds ${code}, which is code`,
    {
      file: file.path,
      hint: 'in Python: torch.save(torch.jit.load(path).state_dict(), "model.pt")',
    },
  );
}

/** A zip that torch wrote. */
export interface TorchArchive {
  readonly file: OpenFile;
  readonly zip: Zip;
  /** The top folder of the zip, with its slash. */
  readonly root: string;
  readonly bigEndian: boolean;
}

/** The record that holds the elements of `tensor`. */
export function locateStorage(
  { file, zip, root, bigEndian }: TorchArchive,
  tensor: string,
  ref: StorageRef,
): Storage {
  const label = `data/${ref.key}`;
  const { path, stamp, reopen: open } = file;
  const entry = zip.entries.get(`${root}${label}`);
  if (!entry) {
    if (ref.length === 0) return { file: path, stamp, offset: 0, bytes: 0, label, open };
    refuse('N607', `${tensor} needs ${ref.length} elements, its storage ${label} is not in the zip`, {
      file: path,
    });
  }
  if (!entry.stored) {
    refuse('N603', `${fileName(path)}: storage ${label} is compressed; torch stores them plainly`, {
      file: path,
      hint: 'load it with torch and save it again',
    });
  }
  const bytes = typeof ref.dtype === 'string' ? ref.length * storedDtypes[ref.dtype] : entry.size;
  if (bytes !== entry.size) {
    refuse('N607', `${tensor} wants ${bytes} bytes of its storage ${label}, which has ${entry.size}`, {
      file: path,
    });
  }
  return {
    file: path,
    stamp,
    offset: entry.offset,
    bytes,
    label,
    ...(entry.crc !== undefined && { crc: entry.crc }),
    ...(bigEndian && { bigEndian }),
    open,
  };
}

function byteOrder(file: OpenFile, zip: Zip, root: string): string {
  const entry = zip.entries.get(`${root}byteorder`);
  if (!entry) return 'little';
  const order = Buffer.from(readEntry(file, entry, 64))
    .toString('utf8')
    .trim();
  if (order === 'little' || order === 'big') return order;
  refuse('N602', `${fileName(file.path)}: byte order ${JSON.stringify(order)} is unknown`, {
    file: file.path,
  });
}
