/** The matrix product, with broadcast batch axes, accumulated in double. */

import { equal, show } from '../dim.ts';
import { storeInto } from '../round.ts';
import { empty, product } from '../tensor.ts';
import { unbounded } from './bounds.ts';
import { broadcastDims, broadcastOffsets, broadcastShapes, isFloat, type Row, unpaired } from './row.ts';

const matmul: Row<'matmul'> = {
  arity: 2,
  doc: 'a [..., m, k] times b [..., k, n]',
  ...unpaired,
  axes: 'multiplied',
  elements: 'computed',
  bounds: unbounded,
  settles: ([a, b]) => (a === 0 || b === 0 ? 0 : undefined),
  infer([a, b]) {
    if (a!.dtype !== b!.dtype || !isFloat(a!.dtype))
      return `dtypes ${a!.dtype} and ${b!.dtype} do not multiply`;
    if (a!.shape.length < 2 || b!.shape.length < 2) return 'both operands must have two axes at least';
    const [inner, other] = [a!.shape.at(-1)!, b!.shape.at(-2)!];
    if (!equal(inner, other)) return `inner sizes ${show(inner)} and ${show(other)} differ`;
    const batch = broadcastDims(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    if (typeof batch === 'string') return batch;
    return { dtype: a!.dtype, shape: [...batch, a!.shape.at(-2)!, b!.shape.at(-1)!] };
  },
  evaluate([a, b]) {
    const [m, k, n] = [a!.shape.at(-2)!, a!.shape.at(-1)!, b!.shape.at(-1)!];
    const [batchA, batchB] = [a!.shape.slice(0, -2), b!.shape.slice(0, -2)];
    const batch = broadcastShapes(batchA, batchB);
    const [ia, ib] = [broadcastOffsets(batchA, batch), broadcastOffsets(batchB, batch)];
    const y = empty(a!.dtype, [...batch, m, n]);
    const store = storeInto(y);
    const sums = new Float64Array(n);
    for (let g = 0; g < product(batch); g++) {
      const left = a!.data.subarray((ia ? ia[g]! : g) * m * k);
      const right = b!.data.subarray((ib ? ib[g]! : g) * k * n);
      for (let i = 0; i < m; i++) {
        addRow(sums, left, right, i * k, k);
        for (let j = 0; j < n; j++) store((g * m + i) * n + j, sums[j]!);
      }
    }
    return y;
  },
};

type Numbers = Float32Array | Float64Array | Uint8Array;

/** One row of the product; walks `right` in memory order. */
function addRow(sums: Float64Array, left: Numbers, right: Numbers, from: number, k: number): void {
  const n = sums.length;
  sums.fill(0);
  for (let p = 0; p < k; p++) {
    const x = left[from + p]!;
    const at = p * n;
    for (let j = 0; j < n; j++) sums[j] = sums[j]! + x * right[at + j]!;
  }
}

export const products = { matmul };
