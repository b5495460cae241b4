/**
 * A view of one parameter: which of its elements, in which order, and what is computed from each. It is made by folding
 * what a spec says of a weight, is written into the attributes of a `param` node, and is applied while bytes flow.
 */

import { constant, size } from '../../spec/dim.ts';
import type { Attr, Attrs } from '../../spec/op.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { contiguousStrides } from '../checkpoint/place_tensor.ts';
import type { Node } from '../graph/ir.ts';

/**
 * `[op, dtype]` or `[op, dtype, scalar, 'left' | 'right']`: a primitive, the dtype of its result, the other operand;
 * `[op, dtype, attributes]`: a composite of one operand.
 */
export type Step = readonly [
  op: string,
  dtype: GraphDType,
  by?: number | readonly (readonly [name: string, value: Attr])[],
  side?: 'left' | 'right',
];

export interface View {
  /** The parameter's key in the checkpoint. */
  readonly of: string;
  /** The parameter's own type, before anything is done to it. */
  readonly dtype: GraphDType;
  readonly whole: readonly number[];
  /** Shape of the view. Strides and `start` count elements of the parameter in row-major order. */
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly start: number;
  readonly apply: readonly Step[];
}

/** The view that a `param` node is; undefined when a size of it is known only when running. */
export function viewOf({ attrs, type }: Node): View | undefined {
  const shape = type.shape.map(constant);
  if (!known(shape)) return undefined;
  const name = String(attrs['name']);
  // A `param` node has either these attributes, as `viewAttrs` wrote them, or none but its name.
  if (!('of' in attrs)) {
    const strides = contiguousStrides(shape);
    return { of: name, dtype: type.dtype, whole: shape, shape, strides, start: 0, apply: [] };
  }
  return {
    of: String(attrs['of']),
    dtype: attrs['dtype'] as GraphDType,
    whole: attrs['whole'] as readonly number[],
    shape,
    strides: attrs['strides'] as readonly number[],
    start: attrs['start'] as number,
    apply: attrs['apply'] as readonly Attr[] as readonly Step[],
  };
}

/** The parameters that a `param` node holds: itself, or those that `stack_weights` joined along its first axis. */
export function partsOf(node: Node): readonly Node[] {
  const { attrs, type } = node;
  if (!('parts' in attrs)) return [node];
  const part = { dtype: type.dtype, shape: type.shape.slice(1) };
  return (attrs['parts'] as readonly string[]).map((name) => ({ ...node, attrs: { name }, type: part })); // as it wrote them
}

const known = (shape: readonly (number | undefined)[]): shape is readonly number[] =>
  !shape.includes(undefined);

/** Attributes of the `param` node that stands for a view; one that changes nothing has only its name. */
export function viewAttrs(view: View, name: string): Attrs {
  if (isWhole(view) && name === view.of) return { name };
  const { of, dtype, whole, strides, start, apply } = view;
  return { name, of, dtype, whole, strides, start, apply: apply as readonly (readonly Attr[])[] };
}

export const viewType = ({ shape, ...view }: View): TensorType<GraphDType> => ({
  dtype: dtypeOf(view),
  shape: shape.map(size),
});

export const dtypeOf = ({ dtype, apply }: Pick<View, 'dtype' | 'apply'>): GraphDType =>
  apply.at(-1)?.[1] ?? dtype;

/** True when the view is the whole parameter, in its own order, with nothing computed. */
export const isWhole = ({ whole, shape, strides, start, apply }: View): boolean =>
  apply.length === 0 && start === 0 && same(shape, whole) && same(strides, contiguousStrides(whole));

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);

export const sliced = (view: View, axis: number, start: number, stop: number, step: number): View => ({
  ...view,
  shape: view.shape.with(axis, Math.max(0, Math.ceil((stop - start) / step))),
  strides: view.strides.with(axis, view.strides[axis]! * step),
  start: view.start + start * view.strides[axis]!,
});

export const transposed = (view: View, perm: readonly number[]): View => ({
  ...view,
  shape: perm.map((p) => view.shape[p]!),
  strides: perm.map((p) => view.strides[p]!),
});

/** Repeated along axes that are new or had one place. */
export function stretched(view: View, shape: readonly number[]): View {
  const lead = shape.length - view.shape.length;
  const strides = shape.map((n, i) => (view.shape[i - lead] === n ? view.strides[i - lead]! : 0));
  return { ...view, shape, strides };
}

/** Undefined when no strides describe the new axes: a transposition has moved apart what is to be one axis. */
export function reshaped(view: View, shape: readonly number[]): View | undefined {
  const old = view.shape.map((n, i) => ({ n, stride: view.strides[i]! })).filter(({ n }) => n !== 1);
  const strides: number[] = [];
  let at = 0;
  let left: { n: number; stride: number } | undefined;
  for (const n of shape.toReversed()) {
    if (n === 1) {
      strides.push(1);
      continue;
    }
    while (!left || left.n === 1) {
      const next = old[old.length - 1 - at++];
      if (!next) return undefined;
      left = { ...next };
    }
    // The new axis may be longer than the old one if the next old axis runs on from it.
    while (left.n % n !== 0) {
      const next = old[old.length - 1 - at++];
      if (!next || n % left.n !== 0 || next.stride !== left.n * left.stride) return undefined;
      left = { n: left.n * next.n, stride: left.stride };
    }
    strides.push(left.stride);
    left = { n: left.n / n, stride: left.stride * n };
  }
  return { ...view, shape, strides: strides.reverse() };
}

/** The view with one more step of arithmetic; the first step says in which dtype the arithmetic begins. */
export const applied = (view: View, step: Step): View => ({ ...view, apply: [...view.apply, step] });
