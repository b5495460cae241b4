/** Holds a tensor's sizes against its storage, so that nothing later reads outside of it. */

import { product } from '../../spec/tensor.ts';
import { fileName } from '../bytes/paths.ts';
import { type LazyTensor, type Storage, type StoredDType, storedDtypes } from './checkpoint.ts';
import { refuse } from './refuse.ts';

export interface Placement {
  readonly name: string;
  readonly dtype: StoredDType | { readonly unsupported: string };
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly start: number;
  readonly storage: Storage;
}

/** How many times a tensor may repeat the elements of its storage; no weight does so this often. */
const mostRepeats = 64;

export function placeTensor({ dtype, ...tensor }: Placement): LazyTensor {
  const { name, storage, shape } = tensor;
  const file = storage.file;
  if (typeof dtype !== 'string')
    refuse('N615', `${name} is stored as ${dtype.unsupported}, which nanoc does not read`, { file });
  const available = Math.floor(storage.bytes / storedDtypes[dtype]);
  const elements = shape.includes(0) ? 0 : product(shape);
  const needed = elements === 0 ? tensor.start : lastElement(tensor) + 1;
  if (!(needed <= available)) {
    refuse('N607', `${name} needs ${needed} elements, its storage ${storage.label} has ${available}`, {
      file,
      hint: `${fileName(file)} is damaged or was made to mislead`,
    });
  }
  if (!(elements <= mostRepeats * Math.max(available, 2 ** 20))) {
    refuse(
      'N607',
      `${name} repeats the ${available} elements of its storage ${storage.label} ${elements} times over`,
      { file },
    );
  }
  return { ...tensor, dtype };
}

/** Index in the storage of the last element. A sum too large for exact arithmetic is still far too large for any file. */
const lastElement = ({ start, shape, strides }: Omit<Placement, 'dtype'>): number =>
  shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), start);

export function contiguousStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    strides.push(step);
    step *= Math.max(size, 1);
  }
  return strides.reverse();
}
