/** Primitives without inputs: constants, and sizes known only when running. */

import { evaluate, size } from '../dim.ts';
import { roundTo } from '../round.ts';
import { tensor } from '../tensor.ts';
import { always } from './bounds.ts';
import { never, type Row, unpaired } from './row.ts';

const stored = { ...unpaired, axes: 'made', elements: 'computed', bounds: always } as const;

const scalar: Row<'scalar'> = {
  arity: 0,
  doc: 'a constant of rank 0',
  ...stored,
  settles: (_, { value }) => value,
  infer: (_, { dtype }) => ({ dtype, shape: [] }),
  evaluate: (_, { value, dtype }) => tensor(dtype, [], [roundTo(dtype, value)]),
};

const constant: Row<'constant'> = {
  arity: 0,
  doc: 'a small constant tensor',
  ...stored,
  settles: never,
  infer: (_, { tensor: t }) => ({ dtype: t.dtype, shape: t.shape.map(size) }),
  evaluate: (_, { tensor: t }) => t,
};

const sizeRow: Row<'size'> = {
  arity: 0,
  doc: 'a size as an int64 of rank 0',
  ...stored,
  settles: never,
  infer: () => ({ dtype: 'int64', shape: [] }),
  evaluate: (_, { dim }, env) => tensor('int64', [], [evaluate(dim, env)]),
};

const iota: Row<'iota'> = {
  arity: 0,
  doc: 'int64 [size]: 0, 1, 2, ...',
  ...stored,
  settles: never,
  infer: (_, { size: n }) => ({ dtype: 'int64', shape: [n] }),
  evaluate(_, { size: n }, env) {
    const length = evaluate(n, env);
    return tensor(
      'int64',
      [length],
      Float64Array.from({ length }, (_, i) => i),
    );
  },
};

export const leaves = { scalar, constant, size: sizeRow, iota };
