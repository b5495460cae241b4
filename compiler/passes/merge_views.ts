/** Merges consecutive slices, reshapes and transposes, and removes those that change nothing. */

import { add, constant, type Dim, equal, provablyNonNegative, size, sub } from '../../spec/dim.ts';
import type { PrimitiveAttrs } from '../../spec/op.ts';
import type { Builder } from '../graph/builder.ts';
import type { Node, NodeId, OpName, Origin } from '../graph/ir.ts';
import { rewrite } from '../graph/rewrite.ts';
import type { Pass } from './pass.ts';

type Slice = PrimitiveAttrs['slice'];
type At = readonly Origin[];
type Merge = (node: Node, x: NodeId, builder: Builder, at: At) => NodeId | undefined;

export const merge_views: Pass = {
  name: 'merge_views',
  doc: 'Make one slice, reshape or transpose of several in a row, and none where nothing moves.',
  keepsScopes: true,
  inSteps: true,
  run(graph, { trace }) {
    const counts = new Map<string, number>();
    const result = rewrite(graph, (node, inputs, builder, at) => {
      const merged = merges[node.op]?.(node, inputs[0]!, builder, at);
      if (merged !== undefined) counts.set(node.op, (counts.get(node.op) ?? 0) + 1);
      return merged;
    });
    for (const [op, n] of counts) trace(`${n} times ${op}`);
    return result;
  },
};

const inPlace = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.length === b.length && a.every((d, i) => equal(d, b[i]!));

/** Attributes are those of the primitive that the node's op names; the builder checked them. */
const sliceAttrs = (node: Node): Slice => node.attrs as unknown as Slice;
const permOf = (node: Node): readonly number[] => node.attrs['perm'] as readonly number[];

const reshape: Merge = ({ type }, x, b, at) => {
  const before = b.node(x);
  if (inPlace(before.type.shape, type.shape)) return x;
  if (before.op !== 'reshape') return undefined;
  const source = before.inputs[0]!;
  if (inPlace(b.node(source).type.shape, type.shape)) return source;
  return b.op('reshape', [source], { shape: type.shape }, at);
};

const transpose: Merge = (node, x, b, at) => {
  const before = b.node(x);
  const perm = permOf(node);
  const moving = perm.filter((p) => constant(before.type.shape[p]!) !== 1);
  if (moving.every((p, i) => i === 0 || moving[i - 1]! < p)) {
    return reshape(node, x, b, at) ?? b.op('reshape', [x], { shape: node.type.shape }, at);
  }
  if (before.op !== 'transpose') return undefined;
  const joined = perm.map((p) => permOf(before)[p]!);
  return joined.every((p, i) => p === i)
    ? before.inputs[0]
    : b.op('transpose', [before.inputs[0]!], { perm: joined }, at);
};

const slice: Merge = (node, x, b, at) => {
  const { axis, start, stop, step } = sliceAttrs(node);
  const before = b.node(x);
  const length = before.type.shape[axis]!;
  if (step === 1 && equal(start, size(0)) && equal(stop, length)) return x;
  if (before.op === 'slice' && sliceAttrs(before).axis === axis) {
    const first = sliceAttrs(before);
    if (first.step !== 1) return undefined;
    const attrs = { axis, start: add(first.start, start), stop: add(first.start, stop), step };
    return b.op('slice', [before.inputs[0]!], attrs, at);
  }
  return before.op === 'concat' && before.attrs['axis'] === axis
    ? fromPiece(before, { axis, start, stop, step }, b, at)
    : undefined;
};

/** A slice inside one piece of a concat is a slice of that piece. */
function fromPiece(concat: Node, { axis, start, stop, step }: Slice, b: Builder, at: At): NodeId | undefined {
  let offset = size(0);
  for (const piece of concat.inputs) {
    const end = add(offset, b.node(piece).type.shape[axis]!);
    if (provablyNonNegative(sub(start, offset)) && provablyNonNegative(sub(end, stop))) {
      if (step === 1 && equal(start, offset) && equal(stop, end)) return piece;
      return b.op('slice', [piece], { axis, start: sub(start, offset), stop: sub(stop, offset), step }, at);
    }
    offset = end;
  }
  return undefined;
}

const merges: Readonly<Record<string, Merge>> = { reshape, transpose, slice } satisfies Partial<
  Record<OpName, Merge>
>;
