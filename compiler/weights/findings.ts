/** Numbers that are not finite, counted while tensors flow by. */

import { type Diagnostic, warning } from '../../spec/diagnostic.ts';
import { product } from '../../spec/tensor.ts';
import type { LazyTensor } from './checkpoint.ts';
import { countNotFinite } from './not_finite.ts';

/** One reading of one tensor. */
interface Reading {
  see(chunk: Uint8Array): void;
  /** Called at the end; what a reading that broke off has seen is forgotten. */
  done(): void;
}

interface Found {
  readonly tensor: LazyTensor;
  /** The most that one reading has seen: another may read a part only. */
  readonly nan: number;
  readonly infinite: number;
}

export class Findings {
  readonly #found = new Map<string, Found>();

  of(name: string, tensor: LazyTensor): Reading {
    let [nan, infinite] = [0, 0];
    return {
      see: (chunk) => {
        const here = countNotFinite(tensor.dtype, chunk);
        nan += here.nan;
        infinite += here.infinite;
      },
      done: () => {
        const before = this.#found.get(name);
        if (nan + infinite > (before ? before.nan + before.infinite : 0))
          this.#found.set(name, { tensor, nan, infinite });
      },
    };
  }

  list(): readonly Diagnostic[] {
    return [...this.#found.values()].map(({ tensor: { name, shape, storage }, nan, infinite }) => {
      const total = product(shape);
      const what = [nan > 0 ? `${nan} NaN` : '', infinite > 0 ? `${infinite} infinite` : ''].filter(Boolean);
      return warning('N616', `${name} has ${what.join(' and ')} among its ${total} numbers`, {
        file: storage.file,
        hint: 'they were written as they are; a model with them rarely gives anything but NaN',
      });
    });
  }
}
