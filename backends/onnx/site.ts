/** What a lowering works with: the writer, the sizes, the opset, and the values that went in. */

import { constant, type Dim, equal, provablyNonNegative, size, sub } from '../../spec/dim.ts';
import type { Primitive, PrimitiveAttrs } from '../../spec/op.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { GraphWriter } from './graph_writer.ts';
import { dataTypes } from './schema.ts';
import type { Sizes } from './sizes.ts';

export type Type = TensorType<GraphDType>;

/** A named value of the ONNX graph. */
export interface Value {
  readonly name: string;
  readonly type: Type;
}

export interface Site {
  readonly writer: GraphWriter;
  readonly sizes: Sizes;
  readonly opset: number;
  /** For a reshaped value the value before it, so that two reshapes in a row are written as one. */
  readonly reshaped: Map<string, Value>;
}

/** Writes one op; the name of its result. */
export type LowerWith<A> = (site: Site, inputs: readonly Value[], attrs: A, type: Type) => string;
export type Lower<P extends Primitive> = LowerWith<PrimitiveAttrs[P]>;

export function cast({ writer }: Site, x: Value, dtype: GraphDType): Value {
  if (x.type.dtype === dtype) return x;
  const name = writer.node('Cast', [x.name], { to: { i: dataTypes[dtype] } });
  return { name, type: { ...x.type, dtype } };
}

const sameShape = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.length === b.length && a.every((d, i) => equal(d, b[i]!));

/** Reshapes a value; nothing is written when it has that shape already. */
export function reshape(site: Site, x: Value, shape: readonly Dim[]): Value {
  const source = site.reshaped.get(x.name) ?? x;
  const type = { dtype: x.type.dtype, shape };
  if (sameShape(source.type.shape, shape)) return { name: source.name, type };
  const name = site.writer.node('Reshape', [source.name, target(site, source.type.shape, shape)]);
  if (name !== source.name) site.reshaped.set(name, source);
  return { name, type };
}

/**
 * The shape operand of a reshape. It is a constant where at most one size is unknown, because 0 copies the size of the same axis
 * and -1 stands for the rest. That fails where a copied size is zero, and a size of zero cannot be written as such.
 */
function target({ writer, sizes }: Site, from: readonly Dim[], to: readonly Dim[]): string {
  const copied = to.map((d, i) => i < from.length && equal(from[i]!, d) && constant(d) === undefined);
  const left = to.filter((d, i) => !copied[i] && constant(d) === undefined);
  const positive = (d: Dim): boolean => provablyNonNegative(sub(d, size(1)));
  const solid = to.every((d, i) => !copied[i] || positive(d)) || left.length === 0;
  const zero = to.some((d) => constant(d) === 0);
  if (left.length > 1 || !solid || zero) return sizes.shape(to);
  return writer.ints(to.map((d, i) => (copied[i] ? 0 : (constant(d) ?? -1))));
}

/** Values of one type along a new first axis. */
export function stacked({ writer }: Site, values: readonly Value[]): Value {
  const { dtype, shape } = values[0]!.type;
  const parts = values.map((x) => writer.node('Unsqueeze', [x.name, writer.ints([0])]));
  const name = writer.node('Concat', parts, { axis: { i: 0 } });
  return { name, type: { dtype, shape: [size(values.length), ...shape] } };
}

/** Permutes the axes of a value. */
export function transpose({ writer }: Site, x: Value, perm: readonly number[]): Value {
  const name = writer.node('Transpose', [x.name], { perm: { ints: perm } });
  return { name, type: { ...x.type, shape: perm.map((p) => x.type.shape[p]!) } };
}
