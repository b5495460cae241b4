/** Makes graphs: types are inferred as nodes are made, and equal nodes are made once. */

import { Bug } from '../../spec/diagnostic.ts';
import type { Attrs, Emit, Op, Primitive, PrimitiveAttrs } from '../../spec/op.ts';
import { isComposite, opOf } from '../../spec/ops/index.ts';
import { inferPrimitive, isPrimitive } from '../../spec/primitives/index.ts';
import { type GraphDType, showType, type TensorType } from '../../spec/type.ts';
import type { Graph, Node, NodeId, Origin, structural } from './ir.ts';
import { nodeTable } from './node_table.ts';

export type Structural = (typeof structural)[number];

export interface Builder {
  /** A primitive or composite; its type is inferred. Throws a `Bug` when the op's shape rule refuses. */
  op(op: string, inputs: readonly NodeId[], attrs: Attrs, origins: readonly Origin[]): NodeId;
  /** One of the structural ops, whose type no rule knows. */
  leaf(
    op: Structural,
    inputs: readonly NodeId[],
    attrs: Attrs,
    type: TensorType<GraphDType>,
    origins: readonly Origin[],
  ): NodeId;
  /** A node of another graph again, on inputs of the types that it had there, so that its type is known. */
  same(node: Node, inputs: readonly NodeId[], origins: readonly Origin[]): NodeId;
  /** The same as primitives for `decompose`: every node made gets these origins. */
  emit(origins: readonly Origin[]): Emit<NodeId>;
  node(id: NodeId): Node;
  originsOf(id: NodeId): readonly Origin[];
  finish(rest: Omit<Graph, 'nodes' | 'origins'>): Graph;
}

export function newBuilder(): Builder {
  const nodes: Node[] = [];
  const origins: (readonly Origin[])[] = [];
  const table = nodeTable(nodes);

  const typeOf = (id: NodeId): TensorType<GraphDType> => {
    const node = nodes[id];
    if (!node) throw new Bug(`no node %${id} in this graph`);
    return node.type;
  };

  const put = (node: Node, from: readonly Origin[]): NodeId => {
    const found = table.enter(node, nodes.length);
    if (found !== undefined) {
      origins[found] = union(origins[found]!, from);
      return found;
    }
    nodes.push(node);
    origins.push(union([], from));
    return node.id;
  };
  const add = (
    op: string,
    inputs: readonly NodeId[],
    attrs: Attrs,
    type: TensorType<GraphDType>,
    from: readonly Origin[],
  ): NodeId => put({ id: nodes.length, op, inputs, attrs, type }, from);

  const op: Builder['op'] = (name, inputs, attrs, from) =>
    add(name, inputs, attrs, inferType(name, inputs.map(typeOf), attrs, from), from);

  return {
    op,
    leaf: (name, inputs, attrs, type, from) => add(name, inputs, attrs, type, from),
    same(node, inputs, from) {
      const { op: name, attrs, type } = node;
      const isAsItWas = node.id === nodes.length && inputs.every((id, i) => id === node.inputs[i]);
      return isAsItWas ? put(node, from) : add(name, inputs, attrs, type, from);
    },
    emit: (from) => ({
      make: <P extends Primitive>(name: P, inputs: readonly NodeId[], attrs: PrimitiveAttrs[P]) =>
        op(name, inputs, attrs as Attrs, from),
      typeOf,
    }),
    node: (id) => nodes[id] ?? bug(`no node %${id} in this graph`),
    originsOf: (id) => origins[id] ?? bug(`no node %${id} in this graph`),
    finish: (rest) => ({ ...rest, nodes, origins }),
  };
}

/** Both lists without repeats; the first list itself when the second adds nothing. */
function union(known: readonly Origin[], more: readonly Origin[]): readonly Origin[] {
  if (known.length === 0 && more.length < 2) return more;
  const fresh = more.filter((o, i) => more.indexOf(o) === i && !known.includes(o));
  if (fresh.length === 0) return known;
  const texts = new Set(known.map(originText));
  const added = fresh.filter((o) => !texts.has(originText(o)) && texts.add(originText(o)));
  if (added.length === 0) return known;
  return known.length === 0 && added.length === more.length ? more : [...known, ...added];
}

const originTexts = new WeakMap<Origin, string>();

function originText(origin: Origin): string {
  const { scope, span, via } = origin;
  const text =
    originTexts.get(origin) ?? `${scope} ${span.source.name}:${span.start}:${span.end} ${via.join('.')}`;
  originTexts.set(origin, text);
  return text;
}

const bug = (text: string): never => {
  throw new Bug(text);
};

interface Inferred {
  readonly op: string;
  readonly inputs: readonly TensorType<GraphDType>[];
  readonly type: TensorType<GraphDType>;
}

/** The last type inferred for these attributes. Passes copy nodes with their attributes, and every check asks again. */
const inferred = new WeakMap<Attrs, Inferred>();

/** The type that a primitive or composite has on these inputs. */
export function inferType(
  op: string,
  inputs: readonly TensorType<GraphDType>[],
  attrs: Attrs,
  from: readonly Origin[] = [],
): TensorType<GraphDType> {
  const last = inferred.get(attrs);
  if (last?.op === op && last.inputs.length === inputs.length && last.inputs.every((t, i) => t === inputs[i]))
    return last.type;
  const type = isPrimitive(op)
    ? inferPrimitive(op, inputs, attrs as PrimitiveAttrs[typeof op])
    : isComposite(op)
      ? inferComposite(opOf(op), inputs, attrs)
      : bug(`no op named ${op}`);
  if (typeof type !== 'string') {
    inferred.set(attrs, { op, inputs, type });
    return type;
  }
  const [at] = from;
  const place = at ? ` in ${at.scope || 'the model'} at ${at.span.source.name}:${at.span.start}` : '';
  throw new Bug(`${op}(${inputs.map(showType).join(', ')})${place}: ${type}`);
}

function inferComposite(
  { inputs: wanted, infer }: Op,
  inputs: readonly TensorType<GraphDType>[],
  attrs: Attrs,
): TensorType<GraphDType> | string {
  const needed = wanted.filter((name) => !name.endsWith('?')).length;
  return inputs.length < needed || inputs.length > wanted.length
    ? `takes ${wanted.join(', ')}, found ${inputs.length} inputs`
    : infer(inputs, attrs);
}

/** What a rewrite gives for a node: another node of the same type, or nothing to keep it as it is. */
export type Change = (
  node: Node,
  inputs: readonly NodeId[],
  builder: Builder,
  origins: readonly Origin[],
) => NodeId | undefined;

/** A graph whose nodes went through `change` in order; what nothing uses any more is left out. */
export function rebuild(graph: Graph, change: Change, rest: Partial<Graph> = {}): Graph {
  const builder = newBuilder();
  const moved: NodeId[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((i) => moved[i]!);
    const from = graph.origins[node.id]!;
    const kept = (): NodeId =>
      node.inputs.every((i, at) => graph.nodes[i]!.type === builder.node(inputs[at]!).type)
        ? builder.same(node, inputs, from)
        : copy(builder, node, inputs, from);
    moved.push(change(node, inputs, builder, from) ?? kept());
  }
  const outputs = (rest.outputs ?? graph.outputs).map((o) => ({ ...o, node: moved[o.node]! }));
  return dropDead(builder.finish({ ...graph, ...rest, outputs }));
}

/** The node again, on other inputs; its type is inferred anew. */
export function copy(
  builder: Builder,
  node: Node,
  inputs: readonly NodeId[],
  from: readonly Origin[],
): NodeId {
  return isPrimitive(node.op) || isComposite(node.op)
    ? builder.op(node.op, inputs, node.attrs, from)
    : builder.leaf(node.op as Structural, inputs, node.attrs, node.type, from);
}

/** Only the nodes that outputs need, in their order, numbered anew. */
export function dropDead(graph: Graph): Graph {
  const live = new Set<NodeId>(graph.outputs.map((o) => o.node));
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (live.has(id)) for (const input of graph.nodes[id]!.inputs) live.add(input);
  }
  if (live.size === graph.nodes.length) return graph;
  const kept = graph.nodes.filter((n) => live.has(n.id));
  const moved = new Map(kept.map((n, id) => [n.id, id]));
  const renumber = (id: NodeId): NodeId => moved.get(id)!;
  return {
    ...graph,
    nodes: kept.map((n) => ({ ...n, id: renumber(n.id), inputs: n.inputs.map(renumber) })),
    outputs: graph.outputs.map((o) => ({ ...o, node: renumber(o.node) })),
    origins: kept.map((n) => graph.origins[n.id]!),
  };
}
