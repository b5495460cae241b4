/** Calls of every composite op, with operands small enough to read, for the backends to be held to. */

import type { Graph } from '../../compiler/graph/ir.ts';
import { decompose_composites } from '../../compiler/passes/decompose_composites.ts';
import { runPasses } from '../../compiler/pipeline.ts';
import type { Feeds } from '../../compiler/ports/session.ts';
import { add, type Dim } from '../../spec/dim.ts';
import type { Attrs } from '../../spec/op.ts';
import type { Composite } from '../../spec/ops/index.ts';
import { type Tensor, tensor } from '../../spec/tensor.ts';
import type { GraphDType } from '../../spec/type.ts';
import { B, ids, noise, P, sketch, T, typed } from '../compiler/tiny_graph.ts';

interface Operand {
  readonly shape: readonly (number | Dim)[];
  readonly value: Tensor;
}
export interface Case {
  readonly operands: readonly Operand[];
  readonly attrs?: Attrs;
}

const real = (seed: number, shape: readonly (number | Dim)[], ...fed: number[]): Operand => ({
  shape,
  value: noise(seed, 'float32', ...fed),
});

const x = real(1, [B, T, 6], 2, 3, 6);
const S = add(P, T);
const attention = {
  scale: 0.3,
  softcap: null,
  window: null,
  mask: false,
  bias: false,
  sinks: false,
  plain: false,
};
const heads = (q: number, k: number, value = 4): readonly Operand[] => [
  real(2, [B, q, T, 4], 2, q, 3, 4),
  real(3, [B, k, S, 4], 2, k, 5, 4),
  real(4, [B, k, S, value], 2, k, 5, value),
];
/** The first row of the batch begins with a pad: its first token sees nothing. */
const mask: Operand = {
  shape: [B, 1, T, S],
  value: tensor(
    'bool',
    [2, 1, 3, 5],
    [...[0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0], ...[1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]],
  ),
};
const turned = (width: number, pairs: number): readonly Operand[] => [
  real(5, [B, T, 3, width], 2, 3, 3, width),
  real(6, [B, T, 1, pairs], 2, 3, 1, pairs),
  real(7, [B, T, 1, pairs], 2, 3, 1, pairs),
];

export const cases: Readonly<Record<Composite, readonly Case[]>> = {
  append: [{ operands: [x, real(8, [B, P, 6], 2, 1, 6)], attrs: { axis: 1 } }],
  attention: [
    { operands: heads(4, 4), attrs: attention },
    { operands: [...heads(4, 2), mask], attrs: { ...attention, mask: true } },
    { operands: [...heads(3, 1, 6), mask], attrs: { ...attention, mask: true, softcap: 0.5 } },
    {
      operands: [...heads(4, 2), mask, real(9, [1, 4, T, S], 1, 4, 3, 5)],
      attrs: { ...attention, mask: true, bias: true },
    },
    { operands: [...heads(4, 2), mask, real(10, [4], 4)], attrs: { ...attention, mask: true, sinks: true } },
  ],
  gelu: [{ operands: [x] }],
  gelu_tanh: [{ operands: [x] }],
  layer_norm: [
    { operands: [x], attrs: { eps: 1e-5 } },
    { operands: [real(11, [T, 1, 5, 6], 3, 1, 5, 6)], attrs: { eps: 0.1 } },
  ],
  linear: [
    { operands: [x, real(12, [4, 6], 4, 6)] },
    { operands: [real(13, [T, 6], 3, 6), real(12, [4, 6], 4, 6)] },
    { operands: [real(14, [B, 2, T, 6], 2, 2, 3, 6), real(12, [4, 6], 4, 6)] },
  ],
  rms_norm: [
    { operands: [x], attrs: { eps: 2 ** -23 } },
    { operands: [real(15, [B, T, 2, 6], 2, 3, 2, 6)], attrs: { eps: 0.1 } },
  ],
  rotary: [
    { operands: turned(6, 3), attrs: { pairing: 'halves' } },
    { operands: turned(6, 2), attrs: { pairing: 'halves' } },
    { operands: turned(6, 3), attrs: { pairing: 'interleaved' } },
    { operands: turned(6, 2), attrs: { pairing: 'interleaved' } },
  ],
  rotary_table: [
    {
      operands: [{ shape: [B, T], value: ids(16, 50, 2, 3) }],
      attrs: { part: 'sin', freqs: [1, 0.25], magnitude: 1.5, rounded: 'bfloat16', length: 64 },
    },
  ],
  silu: [{ operands: [x] }],
  softmax: [{ operands: [x] }],
};

export function oneOp(op: string, { operands, attrs = {} }: Case, narrow?: GraphDType): Graph {
  const s = sketch(op);
  const given = operands.map(({ shape, value }, i) => {
    const input = s.input(`x${i}`, typed(value.dtype, ...shape));
    const table = op === 'rotary' && i > 0;
    return narrow && value.dtype === 'float32' && !table ? s.w.cast(input, narrow) : input;
  });
  const y = s.op(op, given, attrs);
  s.output('y', narrow ? s.w.cast(y, 'float32') : y);
  return s.finish();
}

export const feedsOf = ({ operands }: Case): Feeds =>
  Object.fromEntries(operands.map(({ value }, i) => [`x${i}`, value]));

/** The same in primitives. */
export const spelled = (graph: Graph): Graph => runPasses(graph, [decompose_composites({ keep: [] })]);

/** Every element changed. */
export const moved = ({ dtype, shape, data }: Tensor): Tensor =>
  tensor(
    dtype,
    shape,
    data.map((v) => v + 0.5 + v * v),
  );
