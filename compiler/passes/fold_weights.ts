/** Folds what a spec computes from one parameter alone into a view, which is applied when its bytes are written. */

import { constant, type Dim } from '../../spec/dim.ts';
import type { PrimitiveAttrs } from '../../spec/op.ts';
import { isComposite, opOf } from '../../spec/ops/index.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import { product } from '../../spec/tensor.ts';
import { bytesPerElement, type GraphDType } from '../../spec/type.ts';
import { attrText } from '../graph/attr_text.ts';
import { type Change, rebuild } from '../graph/builder.ts';
import type { Graph, Node, NodeId } from '../graph/ir.ts';
import { meaningOf } from '../graph/meaning.ts';
import { isProduct, weightsOf } from '../graph/product.ts';
import { isFloat } from '../weights/convert.ts';
import * as views from '../weights/view.ts';
import { nameViews } from '../weights/view_names.ts';
import type { Pass } from './pass.ts';

type View = views.View;
type Trace = (line: string) => void;

/** Where parameters are stored in fewer bits, arithmetic stays in the graph: stored as 1 + w, a small w would lose precision. */
const foldWeights = ({ arithmetic }: { readonly arithmetic: boolean }): Pass => ({
  name: 'fold_weights',
  doc: 'Keep views of one parameter (slices, transposes, arithmetic with numbers) as parameters of their own.',
  keepsScopes: true,
  run(raw, { trace }) {
    const graph = rebuild(raw, asLinear);
    const { kept, pushed, lines } = chosenViews(graph, { arithmetic, unstretched: new Set() });
    for (const line of lines) trace(line);
    if (kept.size === 0) return graph;
    const names = nameViews(kept.values(), takenNames(graph, kept));
    return rebuild(graph, (node, inputs, builder, at) => {
      const view = kept.get(node.id);
      if (!view) return undefined;
      const attrs = views.viewAttrs(view, names.get(attrText(views.viewAttrs(view, '')))!);
      const param = builder.leaf('param', [], attrs, views.viewType(view), at);
      if (!pushed.has(node.id)) return param;
      const whole = builder.node(inputs[0]!);
      const origins = graph.origins[node.inputs[0]!]!;
      return builder.op(whole.op, [whole.inputs[0]!, param], whole.attrs, origins);
    });
  },
});

export const fold_weights = foldWeights({ arithmetic: true });
export const fold_weights_as_stored = foldWeights({ arithmetic: false });

/** Replaces a product with a transposed matrix by `linear`, which reads the matrix as it is stored. */
const asLinear: Change = (node, [x, turned], builder, at) => {
  if (node.op !== 'matmul') return undefined;
  const { op, inputs, type } = builder.node(turned!);
  return op === 'transpose' && type.shape.length === 2 && builder.node(inputs[0]!).op === 'param'
    ? builder.op('linear', [x!, inputs[0]!], {}, at)
    : undefined;
};

interface Allowed {
  readonly arithmetic: boolean;
  /** Parameters of which no repeated view is kept. */
  readonly unstretched: ReadonlySet<string>;
}

interface Chosen {
  readonly kept: Views;
  readonly pushed: Views;
  readonly lines: readonly string[];
}

/** Where the views of a parameter take too many bytes, those that repeat its numbers are given up before all others. */
function chosenViews(graph: Graph, allowed: Allowed): Chosen {
  const lines: string[] = [];
  const trace: Trace = (line) => void lines.push(line);
  const consumers = consumersOf(graph);
  const found = findViews(graph, allowed, trace);
  const pushed = findProducts(graph, consumers, found, trace);
  const { kept, refused } = keptViews(graph, consumers, found, pushed, trace);
  const repeated = [...found].flatMap(([id, { of }]) => (graph.nodes[id]!.op === 'broadcast' ? [of] : []));
  const given = repeated.filter((of) => refused.has(of));
  return given.length === 0
    ? { kept, pushed, lines }
    : chosenViews(graph, { ...allowed, unstretched: new Set([...allowed.unstretched, ...given]) });
}

type Consumers = ReadonlyMap<NodeId, readonly Node[]>;
type Views = ReadonlyMap<NodeId, View>;

function consumersOf(graph: Graph): Consumers {
  const consumers = new Map<NodeId, Node[]>(graph.nodes.map((n) => [n.id, []]));
  for (const node of graph.nodes) for (const input of new Set(node.inputs)) consumers.get(input)!.push(node);
  return consumers;
}

/** All nodes that are views of one parameter. */
function findViews(graph: Graph, allowed: Allowed, trace: Trace): Views {
  const found = new Map<NodeId, View>();
  for (const node of graph.nodes) {
    const view = node.op === 'param' ? views.viewOf(node) : viewBy(graph, node, found, allowed);
    if (typeof view === 'string') trace(`refused: ${view}`);
    else if (view) found.set(node.id, view);
  }
  return found;
}

/** The view that results from a node on the view of its input, or why there is none; undefined when the node does not depend on one parameter alone. */
function viewBy(graph: Graph, node: Node, found: Views, allowed: Allowed): View | string | undefined {
  const { arithmetic } = allowed;
  const known = node.inputs.map((id) => found.get(id));
  const [view] = known.filter((v) => v !== undefined);
  if (!view || known.filter(Boolean).length > 1) return undefined;
  if (node.inputs.length === 1)
    return moved(node, view, allowed) ?? (arithmetic ? computed(node, view) : undefined);
  if (!arithmetic || !isElementwise(node) || !isFloat(views.dtypeOf(view)) || !isFloat(node.type.dtype))
    return undefined;
  const at = known.indexOf(view);
  const other = graph.nodes[node.inputs[1 - at]!];
  if (node.inputs.length !== 2 || other?.op !== 'scalar') return undefined;
  const value = (other.attrs as unknown as PrimitiveAttrs['scalar']).value; // the op says which attributes
  return views.applied(view, [node.op, node.type.dtype, value, at === 0 ? 'right' : 'left']);
}

function moved(node: Node, view: View, { unstretched }: Allowed): View | string | undefined {
  if (node.op === 'slice') {
    const { axis, start, stop, step } = node.attrs as unknown as PrimitiveAttrs['slice']; // the op says so
    const [from, to] = [constant(start), constant(stop)];
    return from === undefined || to === undefined ? undefined : views.sliced(view, axis, from, to, step);
  }
  if (node.op === 'reshape') {
    const shape = (node.attrs['shape'] as readonly Dim[]).map(constant);
    if (shape.includes(undefined)) return undefined;
    const result = views.reshaped(
      view,
      shape.map((n) => n ?? 0),
    );
    return result ?? `${view.of} cannot be walked as [${shape.join(', ')}] after it was moved apart`;
  }
  if (node.op === 'broadcast') {
    const shape = (node.attrs['shape'] as readonly Dim[]).map(constant);
    if (shape.includes(undefined)) return `${view.of} is stretched to a size known only when running`;
    if (unstretched.has(view.of)) return `${view.of} would take too many bytes when it is stretched`;
    return views.stretched(
      view,
      shape.map((n) => n ?? 0),
    );
  }
  return node.op === 'transpose'
    ? views.transposed(view, node.attrs['perm'] as readonly number[])
    : undefined;
}

/** Whether each number of the result follows from one of the operand's. */
const isElementwise = ({ op }: Node): boolean =>
  isPrimitive(op) && primitives[op].axes === 'each' && primitives[op].elements !== 'moved';

/** The same of a composite, whose steps are that, and which has one operand. */
function isPointwise({ op, attrs, type }: Node): boolean {
  if (!isComposite(op)) return false;
  const meaning = meaningOf(opOf(op), [type], attrs);
  if (typeof meaning === 'string') return false;
  const { builder, operands, result } = meaning;
  for (let id = operands.length; id <= result; id++) {
    const step = builder.node(id);
    if (step.op !== 'scalar' && !isElementwise(step)) return false;
  }
  return true;
}

function computed(node: Node, view: View): View | string | undefined {
  const { op, attrs, type } = node;
  const { dtype } = type;
  if (!isFloat(views.dtypeOf(view)) || !isFloat(dtype)) return undefined;
  if (isPointwise(node)) return views.applied(view, [op, dtype, Object.entries(attrs)]);
  if (!isElementwise(node)) return `${op} of ${view.of} is not element by element`;
  if (op !== 'cast') return views.applied(view, [op, dtype]);
  return bytesPerElement[dtype] > bytesPerElement[views.dtypeOf(view)]
    ? `${view.of} would be stored as ${dtype}, which is wider`
    : views.applied(view, ['cast', dtype]);
}

/** Slices of a product's last axis, by node, as views of the weight, so that numbers that are sliced away are not computed. */
function findProducts(graph: Graph, consumers: Consumers, found: Views, trace: Trace): Views {
  const pushed = new Map<NodeId, View>();
  const outputs = new Set(graph.outputs.map((o) => o.node));
  const nodeOf = (id: NodeId): Node => graph.nodes[id]!;
  for (const node of graph.nodes) {
    if (node.op !== 'slice') continue;
    const whole = graph.nodes[node.inputs[0]!]!;
    const [weight] = whole.inputs.length === 2 && isProduct(whole, nodeOf) ? weightsOf(whole, nodeOf) : [];
    const view = weight && found.get(weight.id);
    if (view?.shape.length !== 2 || !weight) continue;
    const { axis, start, stop, step } = node.attrs as unknown as PrimitiveAttrs['slice']; // the op says so
    const [from, to] = [constant(start), constant(stop)];
    if (axis !== node.type.shape.length - 1 || from === undefined || to === undefined) continue;
    const refusal =
      consumers.get(whole.id)!.length > 1 || outputs.has(whole.id)
        ? `the whole product with ${view.of} is used too`
        : consumers.get(weight.id)!.length > 1 || outputs.has(weight.id)
          ? `${view.of} is used elsewhere as it is`
          : undefined;
    if (refusal) trace(`refused: ${refusal}`);
    else pushed.set(node.id, views.sliced(view, weight.axis, from, to, step));
  }
  return pushed;
}

/** A parameter may grow by this many bytes when several views of it are kept. */
const mostExtraBytes = 2 ** 16;

/** The views that become parameters, by node: those with a user that is not itself a view. */
function keptViews(
  graph: Graph,
  consumers: Consumers,
  found: Views,
  pushed: Views,
  trace: Trace,
): { readonly kept: Views; readonly refused: ReadonlySet<string> } {
  const outputs = new Set(graph.outputs.map((o) => o.node));
  const cut = new Set([...pushed.keys()].map((id) => graph.nodes[graph.nodes[id]!.inputs[0]!]!.inputs[1]!));
  const ends = [...found].filter(
    ([id]) => !cut.has(id) && (outputs.has(id) || consumers.get(id)!.some((user) => !found.has(user.id))),
  );
  const byParam = new Map<string, [NodeId, View][]>();
  for (const [id, view] of [...ends, ...pushed])
    byParam.set(view.of, [...(byParam.get(view.of) ?? []), [id, view]]);
  const kept = new Map<NodeId, View>();
  const refused = new Set<string>();
  for (const [of, all] of byParam) {
    const changed = all.filter(([id]) => graph.nodes[id]!.op !== 'param');
    if (changed.length === 0) continue;
    const distinct = new Map(all.map(([, view]) => [attrText(views.viewAttrs(view, '')), view]));
    const [{ whole, dtype }] = all.map(([, view]) => view) as [View]; // groups have members
    const stored = [...distinct.values()].reduce((sum, v) => sum + bytes(v.shape, views.dtypeOf(v)), 0);
    if (stored > bytes(whole, dtype) + mostExtraBytes) {
      refused.add(of);
      trace(
        `refused: ${distinct.size} views of ${of} would take ${stored} bytes instead of ${bytes(whole, dtype)}`,
      );
      continue;
    }
    for (const [id, view] of all) kept.set(id, view);
    trace(`${of}: ${distinct.size === 1 ? 'one view' : `${distinct.size} views`} kept`);
  }
  return { kept, refused };
}

const bytes = (shape: readonly number[], dtype: GraphDType): number =>
  product(shape) * bytesPerElement[dtype];

/** Names of parameters and tables that stay as they are. */
function takenNames(graph: Graph, kept: Views): ReadonlySet<string> {
  const renamed = new Set([...kept.values()].map(({ of }) => of));
  const stays = ({ op, attrs }: Node): boolean =>
    op === 'table' || (op === 'param' && !renamed.has(String(attrs['of'] ?? attrs['name'])));
  return new Set(graph.nodes.filter(stays).map((n) => String(n.attrs['name'])));
}
