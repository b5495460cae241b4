/** The interpreter's product with a weight as torch stores it, accumulated in double: by far its longest loop. */

import { roundTo } from '../../spec/round.ts';
import { empty, type Tensor } from '../../spec/tensor.ts';

/** x [..., in] times weight [out, in], transposed: [..., out]. */
export function evaluateLinear(x: Tensor, weight: Tensor): Tensor {
  const [outputs = 0, width = 0] = weight.shape;
  const y = empty(x.dtype, [...x.shape.slice(0, -1), outputs]);
  const left = Float64Array.from(x.data);
  const right = new Float64Array(width);
  for (let o = 0; o < outputs; o++) {
    right.set(weight.data.subarray(o * width, (o + 1) * width));
    writeColumn({ y: y.data, outputs, column: o }, left, right);
  }
  if (x.dtype !== 'float32') for (let i = 0; i < y.data.length; i++) y.data[i] = roundTo(x.dtype, y.data[i]!);
  return y;
}

/** A column of y [rows, outputs]. */
interface Column {
  readonly y: Tensor['data'];
  readonly outputs: number;
  readonly column: number;
}

/** Writes the products of all rows of `left` with `right`: four rows at a time, so that four sums are under way at once. */
function writeColumn({ y, outputs, column }: Column, left: Float64Array, right: Float64Array): void {
  const width = right.length;
  const rows = y.length / outputs;
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    const [i0, i1, i2, i3] = [r * width, (r + 1) * width, (r + 2) * width, (r + 3) * width];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let k = 0; k < width; k++) {
      const w = right[k]!;
      s0 += w * left[i0 + k]!;
      s1 += w * left[i1 + k]!;
      s2 += w * left[i2 + k]!;
      s3 += w * left[i3 + k]!;
    }
    y[r * outputs + column] = s0;
    y[(r + 1) * outputs + column] = s1;
    y[(r + 2) * outputs + column] = s2;
    y[(r + 3) * outputs + column] = s3;
  }
  for (; r < rows; r++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += right[k]! * left[r * width + k]!;
    y[r * outputs + column] = sum;
  }
}
