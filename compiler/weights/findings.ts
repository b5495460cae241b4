/** Numbers that no trained model has, counted while tensors flow by: not finite, beyond all bounds, or a head of zeros. */

import { type Diagnostic, warning } from '../../spec/diagnostic.ts';
import { product } from '../../spec/tensor.ts';
import type { LazyTensor } from '../checkpoint/checkpoint.ts';
import { countNotFinite, type NotFinite } from './not_finite.ts';

/** One reading of one tensor. */
interface Reading {
  see(chunk: Uint8Array): void;
  /** Called at the end of the tensor; the counts of a reading that stops before are dropped. */
  done(): void;
}

interface Found {
  readonly tensor: LazyTensor;
  /** The counts of the reading that saw most, since a reading may cover only a part of the tensor. */
  readonly counts: NotFinite;
  /** Whether every reading saw only zeros. */
  readonly allZero: boolean;
}

const none: NotFinite = { nan: 0, infinite: 0, huge: 0 };
const sum = ({ nan, infinite, huge }: NotFinite): number => nan + infinite + huge;

/** Stops at the first byte that is not zero, so that an ordinary tensor costs next to nothing. */
const isZero = (chunk: Uint8Array): boolean => chunk.every((byte) => byte === 0);

export class WeightFindings {
  readonly #found = new Map<string, Found>();
  readonly #heads: () => ReadonlySet<string>;

  /** `heads` gives the names of the parameters that logits are products with. */
  constructor(heads: () => ReadonlySet<string>) {
    this.#heads = heads;
  }

  of(name: string, tensor: LazyTensor): Reading {
    let counts = none;
    let allZero = true;
    return {
      see: (chunk) => {
        const { nan, infinite, huge } = countNotFinite(tensor.dtype, chunk);
        counts = {
          nan: counts.nan + nan,
          infinite: counts.infinite + infinite,
          huge: counts.huge + huge,
        };
        allZero &&= isZero(chunk);
      },
      done: () => {
        const before = this.#found.get(name);
        const fullest = before && sum(before.counts) >= sum(counts) ? before.counts : counts;
        this.#found.set(name, { tensor, counts: fullest, allZero: allZero && (before?.allZero ?? true) });
      },
    };
  }

  list(): readonly Diagnostic[] {
    return [...this.#found].flatMap(([name, { tensor, counts, allZero }]) => [
      ...notFinite(tensor, counts),
      ...huge(tensor, counts),
      ...(allZero && product(tensor.shape) > 0 && this.#heads().has(name) ? [zeroHead(tensor)] : []),
    ]);
  }
}

function notFinite({ name, shape, storage }: LazyTensor, { nan, infinite }: NotFinite): Diagnostic[] {
  const what = [nan > 0 ? `${nan} NaN` : '', infinite > 0 ? `${infinite} infinite` : ''].filter(Boolean);
  if (what.length === 0) return [];
  return [
    warning('N616', `${name} has ${what.join(' and ')} among its ${product(shape)} numbers`, {
      file: storage.file,
      hint: 'they were written as they are; a model with them rarely gives anything but NaN',
    }),
  ];
}

const huge = ({ name, shape, storage }: LazyTensor, { huge: count }: NotFinite): Diagnostic[] =>
  count === 0
    ? []
    : [
        warning('N625', `${count} of the ${product(shape)} numbers of ${name} reach 1.8e19`, {
          file: storage.file,
          hint: 'float32 cannot hold their squares; no trained model has such weights: is the file damaged?',
        }),
      ];

const zeroHead = ({ name, storage }: LazyTensor): Diagnostic =>
  warning('N625', `${name} is all zeros, and logits are products with it`, {
    file: storage.file,
    hint: 'every logit will be the same: was the model saved before it was trained or loaded?',
  });
