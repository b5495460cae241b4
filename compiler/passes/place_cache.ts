/** Places the memory of a model: caches, delays and ambient values become graph inputs and outputs. */

import { Bug } from '../../spec/diagnostic.ts';
import { append } from '../../spec/long_list.ts';
import type { Ambient, Origin, PortDecl } from '../../spec/sink.ts';
import { type Builder, copy, dropDead, newBuilder } from '../graph/builder.ts';
import {
  type Graph,
  type GraphInput,
  type GraphOutput,
  isUnplaced,
  type Node,
  type NodeId,
  type Port,
} from '../graph/ir.ts';
import { scanOf } from '../graph/scan_body.ts';
import { substituteAttrs, substituteType } from '../graph/substitute.ts';
import {
  type AskedForm,
  ambientValues,
  type CallForm,
  callForm,
  isTokens,
  maskAndPositionInputs,
} from '../ports/ambient_values.ts';
import { type PlacedPort, type PlacingContext, placeGrowing } from '../ports/place_port.ts';
import { placeDelay, placeLast, startOf } from '../ports/place_state.ts';
import { type PortNames, portNames } from '../ports/port_names.ts';
import { placeScan } from '../scan/place.ts';
import type { Pass } from './pass.ts';

export const place_cache = (form: AskedForm): Pass => ({
  name: 'place_cache',
  doc: 'Turn caches and delays into ports, and what is known of tokens into inputs, of the form asked for.',
  keepsScopes: true,
  changesBoundary: true,
  run(graph, { trace }) {
    if (graph.caches.size === 0 && !graph.nodes.some(isUnplaced)) {
      if (graph.inputs.some((i) => i.name === 'input_ids')) {
        trace('refused: the ports are placed already');
        return graph;
      }
    }
    return placeAll(graph, callForm(form), trace);
  },
});

interface Placing {
  readonly graph: Graph;
  readonly form: CallForm;
  readonly builder: Builder;
  readonly names: ReadonlyMap<string, PortNames>;
  readonly renamed: ReadonlyMap<string, string>;
  readonly ports: PlacedPort[];
  readonly trace: (line: string) => void;
}

function placeAll(graph: Graph, form: CallForm, trace: (line: string) => void): Graph {
  const builder = newBuilder();
  const live = new Set(
    graph.nodes.filter((n) => n.op === 'cache' || n.op === 'state').map((n) => n.attrs['port']),
  );
  const decls = [...graph.caches.values()].filter((c) => live.has(c.name));
  const renamed = boundaryNames(graph.inputs);
  const work: Placing = { graph, form, builder, names: portNames(decls), renamed, ports: [], trace };
  const moved: NodeId[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((i) => moved[i]!);
    moved.push(placeNode(node, inputs, graph.origins[node.id]!, work));
  }
  const own = graph.inputs.map(({ name, type }) => ({
    name: renamed.get(name) ?? name,
    type: substituteType(type, form.replace),
  }));
  const ports = inBoundaryOrder(work.ports);
  const outputs: GraphOutput[] = [
    ...graph.outputs.map((o) => ({ ...o, node: moved[o.node]! })),
    ...ports.map((p) => ({ name: p.output, node: p.node })),
    ...ports.flatMap((p) => (p.newRows ? [{ name: p.newRows, node: p.rows! }] : [])),
  ];
  const given = maskAndPositionInputs(form).filter((i) => !own.some((o) => o.name === i.name));
  const inputs: GraphInput[] = [...own, ...given, ...ports.map((p) => ({ name: p.input, type: p.type }))];
  const bare: Port[] = ports.map(({ node: _, rows: __, ...port }) => port);
  return dropDead(builder.finish({ name: graph.name, inputs, outputs, caches: new Map(), ports: bare }));
}

/** Growing ports before states: clients read the length of the text off the first. */
const inBoundaryOrder = <P extends Port>(ports: readonly P[]): readonly P[] => [
  ...ports.filter((p) => p.axis !== undefined),
  ...ports.filter((p) => p.axis === undefined),
];

/** The token input is `input_ids`, declared positions are `position_ids`; other inputs keep their names. */
function boundaryNames(inputs: readonly GraphInput[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  if (inputs.some((i) => i.name === 'positions')) names.set('positions', 'position_ids');
  const tokens = inputs.find((i) => i.name !== 'positions' && isTokens(i.type));
  if (tokens && !inputs.some((i) => i.name === 'input_ids')) names.set(tokens.name, 'input_ids');
  return names;
}

function placeNode(node: Node, inputs: readonly NodeId[], at: readonly Origin[], work: Placing): NodeId {
  const { builder, form, graph, renamed } = work;
  const type = substituteType(node.type, form.replace);
  const attrs = substituteAttrs(node.attrs, form.replace);
  const place = (): PlacingContext => ({ builder, form, ambients: ambientValues(builder, form, at), at });
  switch (node.op) {
    case 'input': {
      const name = String(attrs['name']);
      return builder.leaf('input', [], { name: renamed.get(name) ?? name }, type, at);
    }
    case 'ambient':
      // The builder of the graph wrote the name from the table of ambients.
      return place().ambients.ambient(attrs['name'] as Ambient);
    case 'cache':
      return placeCacheNode(graph.caches.get(String(attrs['port'])), inputs[0]!, place(), work);
    case 'delay':
      return placeDelay(inputs[0]!, Number(attrs['last']), Number(attrs['back']), place());
    case 'state': {
      const decl = graph.caches.get(String(attrs['port']));
      const names = decl && work.names.get(decl.name);
      if (!names) throw new Bug('a state names a port that its graph does not have');
      return startOf(decl.type, decl.fill, names, place());
    }
    case 'scan':
      return placeScanNode(node, inputs, place(), work);
    case 'transpose':
      return turnedBack(builder, inputs[0]!, attrs) ?? copy(builder, { ...node, attrs }, inputs, at);
    default:
      return copy(builder, { ...node, attrs, type }, inputs, at);
  }
}

function placeScanNode(node: Node, inputs: readonly NodeId[], place: PlacingContext, work: Placing): NodeId {
  const { graph, names } = work;
  const starts = node.inputs
    .slice(0, scanOf(node).states)
    .map((id) => String(graph.nodes[id]!.attrs['port']));
  const decls = starts.map((port) => graph.caches.get(port)!);
  const { scan, ports } = placeScan(node, inputs, decls, names, place);
  append(work.ports, ports);
  for (const port of ports) work.trace(`${port.decl.name}: replace port ${port.input} -> ${port.output}`);
  return scan;
}

function placeCacheNode(decl: PortDecl | undefined, x: NodeId, place: PlacingContext, work: Placing): NodeId {
  const names = decl && work.names.get(decl.name);
  if (!names) throw new Bug('a cache node names a port that its graph does not have');
  const put = decl.last === undefined ? placeGrowing : placeLast;
  const { value, port } = put(x, decl, names, place);
  if (port) work.ports.push(port);
  const as = port ? `${port.rule} port ${port.input} -> ${port.output}` : 'nothing: there is no past';
  work.trace(`${decl.name}: ${as}`);
  return value;
}

/** The operand of a transpose that this one inverts, so that the past is never transposed back and forth. */
function turnedBack(builder: Builder, x: NodeId, attrs: Node['attrs']): NodeId | undefined {
  const { op, inputs, attrs: before } = builder.node(x);
  if (op !== 'transpose') return undefined;
  // Both are transposes, whose perm is a list of numbers.
  const [first, second] = [before['perm'] as readonly number[], attrs['perm'] as readonly number[]];
  return second.every((p, i) => first[p] === i) ? inputs[0] : undefined;
}
