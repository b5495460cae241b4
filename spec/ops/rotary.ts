/** Rotation of pairs of numbers by tables of cosines and sines. */

import { constant, showShape, size } from '../dim.ts';
import { ownOp } from '../op.ts';
import type { Type } from '../primitives/row.ts';
import { byMinus, pairsOf, type Rotary, rotateHalf, turned } from './rotary_forms.ts';

export const rotary = ownOp<Rotary>({
  name: 'rotary',
  doc: 'x [B, T, n, m] with the pairs of its first d numbers turned by cos, sin [B, T, 1, d / 2], in float32.',
  inputs: ['x', 'cos', 'sin'],
  infer([x, cos, sin]) {
    const [pairs, width] = [constant(cos!.shape.at(-1) ?? size(0)), constant(x!.shape.at(-1) ?? size(0))];
    if (x!.shape.length !== 4 || cos!.shape.length !== 4) return 'x and the tables must have four axes';
    if (showShape(cos!.shape) !== showShape(sin!.shape)) return 'the tables differ in shape';
    if (cos!.dtype !== 'float32' || sin!.dtype !== 'float32') return 'the tables must be float32';
    if (pairs === undefined || width === undefined || 2 * pairs > width) {
      return `tables ${showShape(cos!.shape)} turn more than x ${showShape(x!.shape)} has`;
    }
    return x!;
  },
  decompose: turned(pairsOf.parts),
  recognise: {
    attrs: () => [{ pairing: 'halves' }, { pairing: 'interleaved' }],
    inputs: (result, { widths }) => {
      const [b, t, , width] = result.shape;
      if (result.shape.length !== 4) return [];
      const table = (pairs: number): Type => ({ dtype: 'float32', shape: [b!, t!, size(1), size(pairs)] });
      const headWidth = constant(width!) ?? 0;
      return widths.filter((n) => 2 * n <= headWidth).map((n) => [result, table(n), table(n)]);
    },
    variants: [
      { means: turned(pairsOf.back), given: byMinus },
      { means: turned(pairsOf.nanochat), given: byMinus },
      { means: rotateHalf },
    ],
  },
});
