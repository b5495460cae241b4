/** Checks that a graph is legal: its order, types, names and ports; run after every pass. */

import { Bug } from '../../spec/diagnostic.ts';
import { type Dim, equal, isRuntime, names, show } from '../../spec/dim.ts';
import type { Attr } from '../../spec/op.ts';
import { isComposite } from '../../spec/ops/index.ts';
import { isPrimitive } from '../../spec/primitives/index.ts';
import { ambients } from '../../spec/sink.ts';
import { type GraphDType, showType, type TensorType } from '../../spec/type.ts';
import { isDim, isList } from '../graph/attr_text.ts';
import { inferType } from '../graph/builder.ts';
import { type Graph, type Node, structural } from '../graph/ir.ts';
import { nodeTable } from '../graph/node_table.ts';
import { tableAttrs, tableType } from '../graph/table_attrs.ts';
import { checkPorts } from './port_check.ts';
import { checkScan, resultType } from './scan_check.ts';

/** Throws a `Bug` that says which law the graph breaks, and where. */
export function checkGraph(graph: Graph): void {
  const { nodes, inputs, outputs, origins } = graph;
  if (origins.length !== nodes.length)
    broken(`${nodes.length} nodes have ${origins.length} lists of origins`);
  unique('input', inputs);
  unique('output', outputs);
  const table = nodeTable(nodes);
  nodes.forEach((node, place) => {
    if (node.id !== place) broken(`%${node.id} stands at place ${place}`);
    for (const input of node.inputs) {
      if (!(Number.isInteger(input) && input >= 0 && input < place)) {
        broken(`${shown(node)} uses %${input}, which does not come before it`);
      }
    }
    checkType(graph, node);
    checkSizes(node);
    const twin = table.enter(node, place);
    if (twin !== undefined) broken(`${shown(node)} is %${twin} again`);
  });
  for (const { name, node } of outputs) {
    if (!nodes[node]) broken(`output ${name} names %${node}, which is not there`);
  }
  checkPorts(graph);
}

const broken = (law: string): never => {
  throw new Bug(law);
};

const shown = ({ id, op }: Node): string => `%${id} (${op})`;

const sameType = (a: TensorType<GraphDType>, b: TensorType<GraphDType>): boolean =>
  a === b ||
  (a.dtype === b.dtype &&
    a.shape.length === b.shape.length &&
    a.shape.every((d, i) => equal(d, b.shape[i]!)));

function unique(what: string, entries: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of entries) {
    if (seen.has(name)) broken(`two ${what}s are named ${name}`);
    seen.add(name);
  }
}

function checkType(graph: Graph, node: Node): void {
  const expected = expectedType(graph, node);
  if (expected && !sameType(expected, node.type)) {
    broken(`${shown(node)} is ${showType(node.type)}, its op gives ${showType(expected)}`);
  }
}

/** The type that follows from the inputs of an op, or from what a leaf's name refers to; undefined where nothing determines it. */
function expectedType(graph: Graph, node: Node): TensorType<GraphDType> | undefined {
  const { op, inputs, attrs } = node;
  if (isPrimitive(op) || isComposite(op)) {
    const types = inputs.map((i) => graph.nodes[i]!.type);
    return inferType(op, types, attrs, graph.origins[node.id]!);
  }
  const kind = structural.find((s) => s === op) ?? broken(`${shown(node)} is no op`);
  const name = String(attrs['name']);
  switch (kind) {
    case 'input':
      return (graph.inputs.find((i) => i.name === name) ?? broken(`${shown(node)} reads no input: ${name}`))
        .type;
    case 'table':
      return tableType(tableAttrs(node));
    case 'ambient':
      return ambients.some((a) => a === name) ? undefined : broken(`${shown(node)} is no ambient: ${name}`);
    case 'cache':
      return graph.caches.has(String(attrs['port']))
        ? undefined
        : broken(`${shown(node)} names no cache: ${String(attrs['port'])}`);
    case 'state':
      return (
        graph.caches.get(String(attrs['port'])) ??
        broken(`${shown(node)} names no cache: ${String(attrs['port'])}`)
      ).type;
    case 'scan':
      checkScan(graph, node);
      return undefined;
    case 'result':
      return resultType(graph, node);
    case 'param':
    case 'delay':
      return undefined;
  }
}

/** Types and attributes whose sizes were found to hold no name of a config; passes copy nodes with them, and they are checked once. */
const decided = new WeakSet<object>();

/** Names of config entries must have been replaced by numbers when the graph was built. */
function checkSizes(node: Node): void {
  const { type, attrs } = node;
  if (!decided.has(type)) checkDims(node, type.shape);
  if (!decided.has(attrs)) checkDims(node, Object.values(attrs).flatMap(dimsOf));
  decided.add(type).add(attrs);
}

function checkDims(node: Node, dims: readonly Dim[]): void {
  for (const dim of dims) {
    const strange = [...names(dim)].find((name) => !isRuntime(name));
    if (strange !== undefined)
      broken(`${shown(node)} has the size ${show(dim)}, and ${strange} is no number`);
  }
}

function dimsOf(attr: Attr): readonly Dim[] {
  if (isDim(attr)) return [attr];
  return isList(attr) ? attr.flatMap(dimsOf) : [];
}
