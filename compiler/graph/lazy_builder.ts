/** A builder for checking: it keeps what is made, equal or not, and infers the type of a node only when something asks for it. */

import { Bug } from '../../spec/diagnostic.ts';
import { append } from '../../spec/long_list.ts';
import type { Attrs, Primitive, PrimitiveAttrs } from '../../spec/op.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { type Builder, inferType } from './builder.ts';
import type { Node, NodeId, Origin } from './ir.ts';

type Type = TensorType<GraphDType>;

export function lazyBuilder(): Builder {
  const nodes: Node[] = [];
  const origins: (readonly Origin[])[] = [];
  const known: (Type | undefined)[] = [];
  const typeOf = (id: NodeId): Type => inferredType(id, nodes, known);

  const add = (
    op: string,
    inputs: readonly NodeId[],
    attrs: Attrs,
    type: Type | undefined,
    from: readonly Origin[],
  ): NodeId => {
    const id = nodes.length;
    nodes.push(type ? { id, op, inputs, attrs, type } : typedLater({ id, op, inputs, attrs }, typeOf));
    known.push(type);
    origins.push(from);
    return id;
  };

  return {
    op: (op, inputs, attrs, from) => add(op, inputs, attrs, undefined, from),
    leaf: (op, inputs, attrs, type, from) => add(op, inputs, attrs, type, from),
    same: ({ op, attrs, type }, inputs, from) => add(op, inputs, attrs, type, from),
    emit: (from) => ({
      make: <P extends Primitive>(op: P, inputs: readonly NodeId[], attrs: PrimitiveAttrs[P]) =>
        add(op, inputs, attrs as Attrs, undefined, from),
      typeOf,
    }),
    node: (id) => nodeAt(id, nodes),
    originsOf: (id) => origins[nodeAt(id, nodes).id]!,
    finish: (rest) => ({ ...rest, nodes, origins }),
  };
}

function nodeAt(id: NodeId, nodes: readonly Node[]): Node {
  const node = nodes[id];
  if (!node) throw new Bug(`no node %${id} in this graph`);
  return node;
}

const typedLater = (node: Omit<Node, 'type'>, typeOf: (id: NodeId) => Type): Node => ({
  ...node,
  get type() {
    return typeOf(node.id);
  },
});

/** Operands first, without a stack, since a model may be thousands of nodes deep. */
function inferredType(id: NodeId, nodes: readonly Node[], known: (Type | undefined)[]): Type {
  const waiting = [id];
  for (let at = waiting.at(-1); at !== undefined; at = waiting.at(-1)) {
    const { op, inputs, attrs } = nodeAt(at, nodes);
    const open = known[at] ? [] : inputs.filter((input) => !known[input]);
    append(waiting, open);
    if (open.length > 0) continue;
    const types = inputs.map((input) => known[input]!);
    known[at] ??= inferType(op, types, attrs);
    waiting.pop();
  }
  return known[id]!;
}
