/** Primitives that pick rows by index. */

import { equal, showShape } from '../dim.ts';
import { empty, product, type Tensor } from '../tensor.ts';
import { moving, type Row } from './row.ts';

function row(index: number, rows: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= rows) {
    throw new RangeError(`index ${index} is not one of ${rows} rows`);
  }
  return index;
}

function copyRows(
  table: Tensor,
  ids: Tensor,
  shape: readonly number[],
  rows: number,
  perBatch: number,
): Tensor {
  const width = product(table.shape) / (rows * (perBatch > 0 ? ids.shape[0]! : 1)) || 0;
  const y = empty(table.dtype, shape);
  for (let i = 0; i < ids.data.length; i++) {
    const base = perBatch > 0 ? Math.floor(i / perBatch) * rows : 0;
    const from = (base + row(ids.data[i]!, rows)) * width;
    y.data.set(table.data.subarray(from, from + width), i * width);
  }
  return y;
}

const gather: Row<'gather'> = {
  arity: 2,
  doc: 'rows of a table [n, s...] by ids [i...]: [i..., s...]',
  ...moving,
  axes: 'gathered',
  infer([table, ids]) {
    if (ids!.dtype !== 'int64') return `ids must be int64, found ${ids!.dtype}`;
    if (table!.shape.length === 0) return 'the table must have an axis';
    return { dtype: table!.dtype, shape: [...ids!.shape, ...table!.shape.slice(1)] };
  },
  evaluate: ([table, ids]) =>
    copyRows(table!, ids!, [...ids!.shape, ...table!.shape.slice(1)], table!.shape[0]!, 0),
};

const take_along: Row<'take_along'> = {
  arity: 2,
  doc: 'entries of x [B, N, s...] by index [B, M], in each row of the batch: [B, M, s...]',
  ...moving,
  axes: 'taken',
  infer([x, index]) {
    if (index!.dtype !== 'int64') return `the index must be int64, found ${index!.dtype}`;
    if (x!.shape.length < 2 || index!.shape.length !== 2 || !equal(x!.shape[0]!, index!.shape[0]!)) {
      return `the index ${showShape(index!.shape)} does not go with ${showShape(x!.shape)}`;
    }
    return { dtype: x!.dtype, shape: [...index!.shape, ...x!.shape.slice(2)] };
  },
  evaluate: ([x, index]) =>
    copyRows(x!, index!, [...index!.shape, ...x!.shape.slice(2)], x!.shape[1]!, index!.shape[1]!),
};

const pick: Row<'pick'> = {
  arity: 2,
  doc: 'entries of x [..., n] along its last axis by index [..., k]: [..., k]',
  ...moving,
  axes: 'last',
  infer([x, index]) {
    if (index!.dtype !== 'int64') return `the index must be int64, found ${index!.dtype}`;
    const [lead, of] = [x!.shape.slice(0, -1), index!.shape.slice(0, -1)];
    return x!.shape.length > 0 && lead.length === of.length && lead.every((d, i) => equal(d, of[i]!))
      ? { dtype: x!.dtype, shape: index!.shape }
      : `the index ${showShape(index!.shape)} does not go with ${showShape(x!.shape)}`;
  },
  evaluate([x, index]) {
    const y = empty(x!.dtype, index!.shape);
    const [n, k] = [x!.shape.at(-1)!, index!.shape.at(-1)!];
    for (let i = 0; i < y.data.length; i++)
      y.data[i] = x!.data[Math.floor(i / k) * n + row(index!.data[i]!, n)]!;
    return y;
  },
};

export const gathers = { gather, take_along, pick };
