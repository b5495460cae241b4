/** Cosines or sines of position times frequency, as the source of a model computes them. */

import { size } from '../dim.ts';
import { ownOp, words } from '../op.ts';
import { tensor } from '../tensor.ts';
import type { GraphDType } from '../type.ts';

export interface RotaryTable {
  readonly part: 'cos' | 'sin';
  /** Turns of each pair per position, in radians; float32 values. */
  readonly freqs: readonly number[];
  readonly magnitude: number;
  /** The table's values are rounded to this dtype. */
  readonly rounded: GraphDType | null;
  /** Positions the table covers when it is stored. */
  readonly length: number;
  readonly [key: string]: number | string | null | readonly number[];
}

export const rotary_table = ownOp<RotaryTable>({
  name: 'rotary_table',
  doc: 'cos or sin of positions [B, T] times frequencies: float32 [B, T, 1, n]; the product is a float32.',
  inputs: ['positions'],
  infer([positions], { freqs }) {
    if (positions!.dtype !== 'int64') return `positions must be int64, found ${positions!.dtype}`;
    if (positions!.shape.length !== 2) return 'positions must have two axes';
    return { dtype: 'float32', shape: [...positions!.shape, size(1), size(freqs.length)] };
  },
  decompose(e, [positions], { part, freqs, magnitude, rounded }) {
    const w = words(e);
    const turns = e.make('constant', [], { tensor: tensor('float32', [freqs.length], freqs) });
    const [b, t] = e.typeOf(positions!).shape;
    const places = w.reshape(w.cast(positions!, 'float32'), [b!, t!, size(1), size(1)]);
    const wave = w[part](w.mul(places, turns));
    const scaled = magnitude === 1 ? wave : w.mul(wave, w.scalar(magnitude, wave));
    return rounded === null ? scaled : w.cast(w.cast(scaled, rounded), 'float32');
  },
  recognise: 'it is made for a rotation',
});
