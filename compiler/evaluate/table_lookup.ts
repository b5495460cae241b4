/** Rows of a table, computed one by one as calls ask for them and kept, so that a few positions never cost a whole table. */

import { empty, type Tensor } from '../../spec/tensor.ts';
import type { TableAttrs } from '../graph/table_attrs.ts';
import { tableRows } from '../weights/table_rows.ts';

/** Positions int64 [i...] -> [i..., width]. Throws a `RangeError` for a position that the table does not have. */
export type TableRows = (positions: Tensor) => Tensor;

export function tableLookup(table: TableAttrs): TableRows {
  const width = table.freqs.length;
  const made = new Map<number, Float32Array>();
  const row = (position: number): Float32Array => {
    if (!Number.isInteger(position) || position < 0 || position >= table.length) {
      throw new RangeError(`position ${position} is not one of the ${table.length} of ${table.name}`);
    }
    const found = made.get(position) ?? tableRows(table, position, position + 1);
    made.set(position, found);
    return found;
  };
  return (positions) => {
    const rows = empty('float32', [...positions.shape, width]);
    for (const [i, position] of positions.data.entries()) rows.data.set(row(position), i * width);
    return rows;
  };
}
