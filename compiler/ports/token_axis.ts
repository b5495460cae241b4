/** Where one axis of a node's result lies in its inputs, for ops that keep its places apart from each other. */

import { constant, type Dim, equal, product } from '../../spec/dim.ts';
import type { Attrs } from '../../spec/op.ts';
import { elementwise } from '../../spec/primitives/elementwise.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';

type Type = TensorType<GraphDType>;

/** For each input the axis, or `whole` when all of it goes into every place; undefined when the op mixes places. */
export type AxisOfInputs = readonly (number | 'whole')[] | undefined;

const whole = 'whole';

/** Right-aligned, as broadcasting does. */
function aligned(axis: number, result: Type, input: Type): number | 'whole' {
  const at = axis - (result.shape.length - input.shape.length);
  const stretched = constant(input.shape[at] ?? result.shape[axis]!) === 1;
  return at < 0 || (stretched && constant(result.shape[axis]!) !== 1) ? whole : at;
}

type Rule = (axis: number, result: Type, inputs: readonly Type[], attrs: Attrs) => AxisOfInputs;

const each: Rule = (axis, result, inputs) => inputs.map((x) => aligned(axis, result, x));
const alongLast: Rule = (axis, result) => (axis < result.shape.length - 1 ? [axis] : undefined);
const alongAxis: Rule = (axis, _, inputs, attrs) =>
  axis === attrs['axis'] ? undefined : inputs.map(() => axis);

/** The input's axis with the same size and as many elements before it. */
const reshaped: Rule = (axis, result, [x]) => {
  const before = product(result.shape.slice(0, axis));
  const found = x!.shape.findIndex(
    (d: Dim, i) => equal(d, result.shape[axis]!) && equal(product(x!.shape.slice(0, i)), before),
  );
  return found < 0 ? undefined : [found];
};

const multiplied: Rule = (axis, result, [a, b]) => {
  const rank = result.shape.length;
  if (axis === rank - 2) return [a!.shape.length - 2, whole];
  if (axis === rank - 1) return [whole, b!.shape.length - 1];
  return [aligned(axis, result, a!), aligned(axis, result, b!)];
};

const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(Object.keys(elementwise).map((op) => [op, each])),
  gelu: each,
  gelu_tanh: each,
  silu: each,
  broadcast: each,
  rms_norm: alongLast,
  layer_norm: alongLast,
  softmax: alongLast,
  is_top: alongLast,
  argtop: alongLast,
  pick: (axis, result) => (axis < result.shape.length - 1 ? [axis, axis] : undefined),
  // x may have one place for all choices of a token.
  expert_matmul: (axis, _, inputs) =>
    axis < 2 ? [axis, axis, ...inputs.slice(2).map((): 'whole' => whole)] : undefined,
  reduce_sum: alongAxis,
  reduce_mean: alongAxis,
  reduce_max: alongAxis,
  reduce_min: alongAxis,
  cumsum: alongAxis,
  slice: alongAxis,
  concat: alongAxis,
  reshape: reshaped,
  // The caller vouches for the op, whose `perm` is a list of axes.
  transpose: (axis, _result, _inputs, attrs) => [(attrs['perm'] as readonly number[])[axis]!],
  gather: (axis, _, [, ids]) => (axis < ids!.shape.length ? [whole, axis] : undefined),
  matmul: multiplied,
  linear: (axis, result) => (axis < result.shape.length - 1 ? [axis, whole] : undefined),
};

export const axisOfInputs = (
  op: string,
  axis: number,
  result: Type,
  inputs: readonly Type[],
  attrs: Attrs,
): AxisOfInputs => rules[op]?.(axis, result, inputs, attrs);

/** The attributes of the op when its result has only one place left along the axis. */
export function withOnePlace(op: string, attrs: Attrs, axis: number, one: Dim): Attrs {
  if (op !== 'reshape' && op !== 'broadcast') return attrs;
  // The caller vouches for the op, whose `shape` is a list of sizes.
  return { ...attrs, shape: (attrs['shape'] as readonly Dim[]).map((d, i) => (i === axis ? one : d)) };
}
