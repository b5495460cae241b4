/** Rows of the tables that `table` nodes name: made while they are written, so that none is ever whole in memory. */

import { size } from '../../spec/dim.ts';
import type { RotaryTable } from '../../spec/ops/rotary_table.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { Node } from '../graph/ir.ts';
import { converter } from './convert.ts';

/** Attributes of a `table` node: a rotary table, under the name of its initialiser. */
export interface TableAttrs extends RotaryTable {
  readonly name: string;
}

/** A table's type: row p holds the cosines or sines of position p. */
export const tableType = ({ length, freqs }: RotaryTable): TensorType<GraphDType> => ({
  dtype: 'float32',
  shape: [size(length), size(freqs.length)],
});

/** The caller vouches that the node's op is `table`, whose attributes these are. */
export const tableAttrs = (node: Node): TableAttrs => node.attrs as unknown as TableAttrs;

/**
 * Rows from `start` up to `stop`, row-major. As in PyTorch float32 holds every step: the position, its product with a
 * frequency, the cosine (made in double and rounded once, so within one unit of any library's), the magnitude.
 */
export function tableRows(table: RotaryTable, start: number, stop: number): Float32Array {
  const { part, freqs, magnitude, rounded } = table;
  const wave = part === 'cos' ? Math.cos : Math.sin;
  const [width, factor] = [freqs.length, Math.fround(magnitude)];
  const rows = new Float32Array((stop - start) * width);
  let at = 0;
  for (let position = start; position < stop; position++) {
    const place = Math.fround(position);
    for (let j = 0; j < width; j++) {
      rows[at++] = Math.fround(wave(Math.fround(place * freqs[j]!))) * factor;
    }
  }
  if (rounded === null) return rows;
  const bytes = converter('float32', [rounded, 'float32']).run(new Uint8Array(rows.buffer));
  return new Float32Array(bytes.buffer, bytes.byteOffset, rows.length);
}
