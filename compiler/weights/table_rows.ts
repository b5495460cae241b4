/** Rows of the tables that `table` nodes name: made while they are written, so that none is ever whole in memory. */

import type { RotaryTable } from '../../spec/ops/rotary_table.ts';
import { converter } from './convert.ts';

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
