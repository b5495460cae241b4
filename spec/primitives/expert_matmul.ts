/** Products with a matrix of its own for each choice of each token, accumulated in double. */

import { constant, type Dim, equal, showShape } from '../dim.ts';
import { storeInto } from '../round.ts';
import { empty, product, type Tensor } from '../tensor.ts';
import { unbounded } from './bounds.ts';
import { isFloat, type Row, type Type, unpaired, zero } from './row.ts';

/** The shape of one expert's matrix and how many there are; or why the weights are none. */
function expertsOf(weights: readonly Type[]): { readonly shape: readonly Dim[] } | string {
  const [first, ...more] = weights;
  if (!first) return 'there must be weights';
  const shape = first.shape.length === 3 && more.length === 0 ? first.shape.slice(1) : first.shape;
  const alike = more.every(
    (w) =>
      w.dtype === first.dtype &&
      w.shape.length === first.shape.length &&
      w.shape.every((d, i) => equal(d, first.shape[i]!)),
  );
  if (shape.length !== 2 || !alike || !isFloat(first.dtype)) {
    return `the weights ${weights.map((w) => showShape(w.shape)).join(', ')} are no matrices of one shape`;
  }
  return { shape };
}

const expert_matmul: Row<'expert_matmul'> = {
  arity: 'any',
  doc: 'x [B, T, 1 or K, m] times the matrix of the expert that each place of choice [B, T, K] names: [B, T, K, n]',
  ...unpaired,
  axes: 'chosen',
  elements: 'computed',
  bounds: unbounded,
  settles: zero,
  infer([x, choice, ...weights], { transposed }) {
    if (choice?.dtype !== 'int64' || choice.shape.length !== 3) return 'a choice int64 [B, T, K] is needed';
    const experts = expertsOf(weights);
    if (typeof experts === 'string') return experts;
    const [m, n] = transposed
      ? [experts.shape[1]!, experts.shape[0]!]
      : [experts.shape[0]!, experts.shape[1]!];
    const [b, t, k] = choice.shape as [Dim, Dim, Dim]; // three axes, as seen above
    const [rows, tokens, places, width] = x!.shape;
    const shown = (): string =>
      `${showShape(x!.shape)} chosen by ${showShape(choice.shape)} from ${showShape(experts.shape)}`;
    if (!rows || !tokens || !places || !width || x!.shape.length !== 4 || !isFloat(x!.dtype)) return shown();
    const fits = equal(rows, b) && equal(tokens, t) && (constant(places) === 1 || equal(places, k));
    return fits && equal(width, m) ? { dtype: x!.dtype, shape: [b, t, k, n] } : shown();
  },
  evaluate([x, choice, ...weights], { transposed }) {
    const [b, t, k] = choice!.shape as [number, number, number];
    const [rows, columns] = weights[0]!.shape.slice(-2) as [number, number];
    const [m, n] = transposed ? [columns, rows] : [rows, columns];
    const y = empty(x!.dtype, [b, t, k, n]);
    const store = storeInto(y);
    const shared = x!.shape[2] === 1;
    for (let at = 0; at < product(choice!.shape); at++) {
      const matrix = matrixOf(weights, choice!.data[at]!);
      const from = (shared ? Math.floor(at / k) : at) * m;
      const row = x!.data.subarray(from, from + m);
      for (let j = 0; j < n; j++) {
        const [start, step] = transposed ? [j * m, 1] : [j, n];
        let sum = 0;
        for (let i = 0; i < m; i++) sum += row[i]! * matrix[start + i * step]!;
        store(at * n + j, sum);
      }
    }
    return y;
  },
};

function matrixOf(weights: readonly Tensor[], expert: number): Tensor['data'] {
  const [first] = weights;
  if (weights.length > 1 || first!.shape.length === 2) {
    const found = weights[expert];
    if (!found) throw new RangeError(`index ${expert} is not one of ${weights.length} experts`);
    return found.data;
  }
  const [experts, size] = [first!.shape[0]!, product(first!.shape.slice(1))];
  if (!(expert >= 0 && expert < experts))
    throw new RangeError(`index ${expert} is not one of ${experts} experts`);
  return first!.data.subarray(expert * size, (expert + 1) * size);
}

export const choices = { expert_matmul };
