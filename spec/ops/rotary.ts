/** Rotation of pairs of numbers by tables of cosines and sines. */

import { constant, showShape, size } from '../dim.ts';
import { defineOp, words } from '../op.ts';

export const rotary = defineOp<{ readonly pairing: 'halves' | 'interleaved' }>({
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
  decompose(e, [x, cos, sin], { pairing }) {
    const w = words(e);
    const { dtype, shape } = e.typeOf(x!);
    const pairs = constant(e.typeOf(cos!).shape[3]!)!;
    const [turning, width] = [2 * pairs, constant(shape[3]!)!];
    const wide = w.cast(x!, 'float32');
    const halves = pairing === 'halves';
    const part = (i: number) =>
      halves
        ? w.slice(wide, 3, size(i * pairs), size((i + 1) * pairs))
        : w.slice(wide, 3, size(i), size(turning), 2);
    const [a, b] = [part(0), part(1)];
    const turned = [w.sub(w.mul(a, cos!), w.mul(b, sin!)), w.add(w.mul(b, cos!), w.mul(a, sin!))];
    const lead = shape.slice(0, 3);
    const joined = halves
      ? w.concat(turned, 3)
      : w.reshape(
          w.concat(
            turned.map((y) => w.reshape(y, [...lead, size(pairs), size(1)])),
            4,
          ),
          [...lead, size(turning)],
        );
    const rest = turning < width ? [w.slice(wide, 3, size(turning), size(width))] : [];
    return w.cast(rest.length > 0 ? w.concat([joined, ...rest], 3) : joined, dtype);
  },
});
