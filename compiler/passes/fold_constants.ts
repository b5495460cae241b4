/** Computes nodes that depend on constants alone, and removes operations that change nothing. */

import { constant, equal } from '../../spec/dim.ts';
import type { Attrs, Primitive, PrimitiveAttrs } from '../../spec/op.ts';
import { evaluatePrimitive, isPrimitive, isView, primitives } from '../../spec/primitives/index.ts';
import { roundTo } from '../../spec/round.ts';
import { product, type Tensor, tensor } from '../../spec/tensor.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { Builder } from '../graph/builder.ts';
import type { Node, NodeId, Origin } from '../graph/ir.ts';
import { rewrite } from '../graph/rewrite.ts';
import type { Pass } from './pass.ts';

/** A constant of more elements stays an expression, since the file would grow by more than running it costs. */
const mostFoldedElements = 4096;

export const fold_constants: Pass = {
  name: 'fold_constants',
  doc: 'Compute what depends on constants alone; drop operations that change nothing.',
  keepsScopes: true,
  inSteps: true,
  run(graph, { trace }) {
    let computed = 0;
    let dropped = 0;
    const refusals = new Set<string>();
    const result = rewrite(graph, (node, inputs, builder, at) => {
      const same = unchanged(node, inputs, builder, at);
      if (same !== undefined) {
        dropped++;
        return same;
      }
      const value = folded(node, inputs, builder, refusals);
      if (!value) return undefined;
      computed++;
      return constantNode(value, builder, at);
    });
    for (const line of refusals) trace(line);
    if (computed > 0) trace(`${computed} nodes computed`);
    if (dropped > 0) trace(`${dropped} nodes changed nothing`);
    return result;
  },
};

/** The tensor that a node is, when it is a constant. */
function constantOf(builder: Builder, id: NodeId): Tensor | undefined {
  const { op, attrs } = builder.node(id);
  // Both ops carry what their rows in the table of primitives say.
  if (op === 'constant') return (attrs as PrimitiveAttrs['constant']).tensor;
  if (op !== 'scalar') return undefined;
  const { value, dtype } = attrs as PrimitiveAttrs['scalar'];
  return tensor(dtype, [], [roundTo(dtype, value)]);
}

const constantNode = (value: Tensor, builder: Builder, at: readonly Origin[]): NodeId =>
  value.shape.length === 0
    ? builder.op('scalar', [], { value: value.data[0]!, dtype: value.dtype }, at)
    : builder.op('constant', [], { tensor: value }, at);

/** The value of a node as a constant; undefined when it is large, or its size is known only when running. */
function folded(
  node: Node,
  inputs: readonly NodeId[],
  builder: Builder,
  refusals: Set<string>,
): Tensor | undefined {
  if (!isPrimitive(node.op) || node.op === 'scalar' || node.op === 'constant') return undefined;
  if (node.op === 'size') {
    // The op says whose attributes they are.
    const n = constant((node.attrs as unknown as PrimitiveAttrs['size']).dim);
    return n === undefined ? undefined : tensor('int64', [], [n]);
  }
  if (node.op === 'iota') return undefined;
  const values = inputs.map((i) => constantOf(builder, i));
  const shape = node.type.shape.map(constant);
  if (values.length === 0 || values.some((v) => !v) || shape.includes(undefined)) return undefined;
  const elements = product(shape.map((n) => n ?? 0));
  if (elements > mostFoldedElements) {
    refusals.add(`refused: ${node.op} of constants has ${elements} elements`);
    return undefined;
  }
  return evaluate(node.op, values as readonly Tensor[], node.attrs);
}

/** The attributes are the primitive's own, as the builder checked when it made the node. */
const evaluate = (op: Primitive, values: readonly Tensor[], attrs: Attrs): Tensor =>
  evaluatePrimitive(op, values, attrs as never, new Map());

/** The number that every element has, when that is known. */
function uniform(builder: Builder, id: NodeId): number | undefined {
  for (let at = id; ; ) {
    const { op, inputs } = builder.node(at);
    if (isView(op)) at = inputs[0]!;
    else {
      const value = constantOf(builder, at)?.data;
      return value && value.length > 0 && value.every((v) => v === value[0]) ? value[0] : undefined;
    }
  }
}

const sameType = (a: TensorType<GraphDType>, b: TensorType<GraphDType>): boolean =>
  a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((d, i) => equal(d, b.shape[i]!));

/** The operand that the node equals, broadcast when the other operand has more elements. */
function unchanged(
  node: Node,
  inputs: readonly NodeId[],
  builder: Builder,
  at: readonly Origin[],
): NodeId | undefined {
  const [a, b, c] = inputs;
  const as = (x: NodeId): NodeId =>
    sameType(builder.node(x).type, node.type)
      ? x
      : builder.op('broadcast', [x], { shape: node.type.shape }, at);
  if (node.op === 'cast' || node.op === 'broadcast') {
    return sameType(builder.node(a!).type, node.type) ? a : undefined;
  }
  if (node.op === 'where') {
    const chosen = uniform(builder, a!);
    return chosen === undefined ? undefined : as(chosen === 0 ? c! : b!);
  }
  if (!isPrimitive(node.op)) return undefined;
  const [left, right] = primitives[node.op].neutral;
  if (right !== undefined && uniform(builder, b!) === right) return as(a!);
  return left !== undefined && uniform(builder, a!) === left ? as(b!) : undefined;
}
