/** Keeps float16 arithmetic in range where activations are multiplied with each other before a product with weights. */

import { type Bounded, isBounded } from '../../spec/primitives/bounds.ts';
import { isView } from '../../spec/primitives/index.ts';
import type { GraphDType } from '../../spec/type.ts';
import { type Builder, rebuild } from '../graph/builder.ts';
import type { Node, NodeId, Origin } from '../graph/ir.ts';
import { isProduct } from '../graph/product.ts';
import { usersOf } from '../graph/users.ts';
import { boundedness } from './bounded.ts';
import type { Pass } from './pass.ts';

const narrowDtype: GraphDType = 'float16';

/**
 * A square or a product of two activations can leave float16's range (65504) where both factors are well inside. It is taken in
 * float32; a row whose largest number is above this limit is divided down to it for the product with the weights, whose result
 * is multiplied up again in float32. The limit leaves a sum over thousands of weights room, and small weights enough bits.
 */
const largestRowValue = 2 ** 10;

export const keep_in_range: Pass = {
  name: 'keep_in_range',
  doc: 'Take products of activations in float32, and scale their rows into the range of float16 for a product with weights.',
  keepsScopes: true,
  run(graph, { trace }) {
    const users = usersOf(graph);
    let bounded: ((id: NodeId) => Bounded) | undefined;
    let count = 0;
    const result = rebuild(graph, (node, inputs, builder, at) => {
      if (node.type.dtype !== narrowDtype || !isProduct(node, (id) => graph.nodes[id]!)) return undefined;
      bounded ??= boundedness(builder.node);
      const found = wideProduct(builder, inputs[0]!, bounded);
      if (!found) return undefined;
      count++;
      // What comes back up belongs to whoever took the product, unless the block of the weights goes on with it.
      const inner = users.get(node.id)?.some((user) => sharesScope(graph.origins[user]!, at));
      return scaled(builder, node, inputs, found, { inside: at, around: inner ? at : found.origins });
    });
    if (count > 0) trace(`${count} products of activations before weights`);
    return result;
  },
};

interface Product {
  /** The product, in float32. */
  readonly value: NodeId;
  readonly origins: readonly Origin[];
}

/** The float32 value of `id` before it is rounded to float16, with the same views; undefined where it cannot be too large. */
function wideProduct(builder: Builder, id: NodeId, bounded: (id: NodeId) => Bounded): Product | undefined {
  const node = builder.node(id);
  const origins = builder.originsOf(id);
  if (node.type.dtype !== narrowDtype) return undefined;
  if (isView(node.op)) {
    const inner = wideProduct(builder, node.inputs[0]!, bounded);
    return inner && { ...inner, value: builder.op(node.op, [inner.value], node.attrs, origins) };
  }
  if (node.op === 'cast') {
    const wide = node.inputs[0]!;
    const isWide = builder.node(wide).type.dtype === 'float32';
    return isWide && !isBounded(bounded(wide)) ? { value: wide, origins } : undefined;
  }
  if (node.op !== 'mul' || node.inputs.some((x) => isBounded(bounded(x)))) return undefined;
  const factors = node.inputs.map(
    (x) => wideProduct(builder, x, bounded)?.value ?? builder.op('cast', [x], { dtype: 'float32' }, origins),
  );
  return { value: builder.op('mul', factors, {}, origins), origins };
}

interface Places {
  readonly inside: readonly Origin[];
  readonly around: readonly Origin[];
}

function scaled(
  builder: Builder,
  node: Node,
  [, ...rest]: readonly NodeId[],
  { value, origins }: Product,
  { inside, around }: Places,
): NodeId {
  const make = (op: string, inputs: readonly NodeId[], attrs = {}, at = origins): NodeId =>
    builder.op(op, inputs, attrs, at);
  const number = (x: number): NodeId => make('scalar', [], { value: x, dtype: 'float32' });
  const axis = builder.node(value).type.shape.length - 1;
  const rowMaximum = make('reduce_max', [make('abs', [value])], { axis });
  const scale = make('max', [make('div', [rowMaximum, number(largestRowValue)]), number(1)]);
  const small = make('cast', [make('div', [value, scale])], { dtype: narrowDtype });
  const product = make(node.op, [small, ...rest], node.attrs, inside);
  const wide = make('cast', [product], { dtype: 'float32' }, around);
  return make('cast', [make('mul', [wide, scale], {}, around)], { dtype: narrowDtype }, around);
}

const sharesScope = (a: readonly Origin[], b: readonly Origin[]): boolean =>
  a.some(({ scope }) => b.some((o) => o.scope === scope));
