/** Walks a legal graph and writes each of its nodes in ONNX operators. */

import type { Graph, Node, NodeId, Origin } from '../../compiler/graph/ir.ts';
import { commonScope } from '../../compiler/graph/scope.ts';
import type { WeightSource } from '../../compiler/weights/source.ts';
import { Bug } from '../../spec/diagnostic.ts';
import type { PrimitiveAttrs } from '../../spec/op.ts';
import { isComposite } from '../../spec/ops/index.ts';
import { isPrimitive } from '../../spec/primitives/index.ts';
import { position } from '../../spec/source.ts';
import { GraphWriter, type Provenance } from './graph_writer.ts';
import { readsOf, renamedIn } from './inner_graph.ts';
import { lowerPrimitive } from './lowering.ts';
import { lowerComposite } from './native.ts';
import type { NodeProto } from './schema.ts';
import type { Site, Value } from './site.ts';
import { sizesOf } from './sizes.ts';
import { irVersion } from './versions.ts';
import { type WriteBody, writeScan } from './write_scan.ts';

export interface WrittenGraph {
  readonly nodes: readonly NodeProto[];
  readonly writer: GraphWriter;
  /** The name of each node's value, as far as the file holds it. */
  readonly names: ReadonlyMap<NodeId, string>;
}

export function writeGraph(graph: Graph, weights: WeightSource, opset: number): WrittenGraph {
  const stored = graph.nodes.filter((n) => n.op === 'param' || n.op === 'table').map(nameOf);
  const boundary = [...graph.inputs, ...graph.outputs].map((x) => x.name);
  const writer = new GraphWriter(opset, {
    sourceAsMetadata: irVersion(opset) >= 10,
    reserved: [...boundary, ...stored],
  });
  const site: Site = { writer, sizes: sizesOf(writer, graph.inputs), opset, reshaped: new Map() };
  return withBoundaryNames(graph, writer, writeNodes(graph, site, weights, nameOf));
}

/** Returns the name of each node's value; `inputName` gives the name of an input in the graph that these nodes belong to. */
function writeNodes(
  graph: Graph,
  site: Site,
  weights: WeightSource,
  inputName: (node: Node) => string,
): Map<NodeId, string> {
  const names = new Map<NodeId, string>();
  const scans = new Map<NodeId, readonly string[]>();
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => ({ name: names.get(id)!, type: graph.nodes[id]!.type }));
    const name = site.writer.at(placeOf(graph.origins[node.id]!), () => {
      if (node.op === 'input') return inputName(node);
      if (node.op === 'result') return scans.get(node.inputs[0]!)![Number(node.attrs['index'])]!;
      if (node.op !== 'scan') return write(site, node, inputs, weights);
      const body: WriteBody = (step, inside, known) =>
        writeNodes(step, inside, weights, (input) => known.get(nameOf(input))!);
      scans.set(node.id, writeScan(site, node, inputs, body));
      return scans.get(node.id)![0]!;
    });
    names.set(node.id, name);
  }
  return names;
}

const nameOf = (node: Node): string => String(node.attrs['name']);

function write(site: Site, node: Node, inputs: readonly Value[], weights: WeightSource): string {
  const { op, attrs, type } = node;
  // The builder inferred the node's type from these very attributes.
  if (isPrimitive(op)) return lowerPrimitive(op, site, inputs, attrs as PrimitiveAttrs[typeof op], type);
  if (isComposite(op)) {
    const name = lowerComposite(op, site, inputs, attrs, type);
    if (name !== undefined) return name;
  }
  if (op === 'param' || op === 'table') return store(site, node, weights);
  throw new Bug(`the ONNX backend was given a node ${op}`);
}

function store({ writer }: Site, node: Node, weights: WeightSource): string {
  const name = nameOf(node);
  const { shape, dtype, bytes } = weights.info(name);
  const data = { size: bytes, bytes: () => weights.chunks(name) };
  const stored = node.op === 'param' ? { stored: () => weights.stored(name) } : {};
  writer.initializer({ name, dtype, dims: shape, keepInline: false, data, ...stored });
  return name;
}

/** A node that several blocks share gets the scope of the block around them all. */
function placeOf(origins: readonly Origin[]): Provenance {
  const [first] = origins;
  if (!first) return { scope: '' };
  const { source, start } = first.span;
  // Without folders, which are those of the machine that compiles it.
  const file = source.name.replace(/^.*[\\/]/, '');
  return { scope: commonScope(origins), source: `${file}:${position(source, start).line}` };
}

/** Gives outputs their names at the boundary, and leaves out nodes that nothing uses. */
function withBoundaryNames(graph: Graph, writer: GraphWriter, names: Map<NodeId, string>): WrittenGraph {
  const made = new Set(writer.nodes.flatMap((n) => n.output));
  const renamed = new Map<string, string>();
  const copies: NodeProto[] = [];
  for (const { name, node } of graph.outputs) {
    const value = names.get(node)!;
    if (made.has(value) && !renamed.has(value)) renamed.set(value, name);
    else copies.push({ input: [value], output: [name], name, opType: 'Identity', attribute: [] });
  }
  const final = (name: string): string => renamed.get(name) ?? name;
  const all = [...writer.nodes, ...copies].map((n) => renamedIn(n, final));
  const nodes = neededNodes(
    all,
    graph.outputs.map((o) => o.name),
  );
  const there = new Set(nodes.flatMap((n) => n.output));
  const kept = [...names].map(([id, name]) => [id, final(name)] as const);
  return { nodes, writer, names: new Map(kept.filter(([, name]) => there.has(name))) };
}

function neededNodes(nodes: readonly NodeProto[], outputs: readonly string[]): NodeProto[] {
  const needed = new Set(outputs);
  const kept: NodeProto[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.output.some((name) => needed.has(name))) continue;
    for (const name of readsOf(node)) needed.add(name);
    kept.push(node);
  }
  return kept.reverse();
}
