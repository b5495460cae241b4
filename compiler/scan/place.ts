/** Gives a scan its memory across calls, and lets it pass over padding. */

import { type Dim, size } from '../../spec/dim.ts';
import { words } from '../../spec/op.ts';
import type { PortDecl } from '../../spec/sink.ts';
import { type Builder, newBuilder } from '../graph/builder.ts';
import type { Graph, GraphInput, Node, NodeId, Origin, Port } from '../graph/ir.ts';
import { bodyFrom, makeScan, type Scan, scanOf } from '../graph/scan_body.ts';
import type { PlacingContext } from '../ports/place_port.ts';
import type { PortNames } from '../ports/port_names.ts';

type StatePort = Port & { readonly node: NodeId };

/** Returns the scan with its states read from and written to ports, and those ports. */
export function placeScan(
  node: Node,
  inputs: readonly NodeId[],
  decls: readonly PortDecl[],
  names: ReadonlyMap<string, PortNames>,
  place: PlacingContext,
): { readonly scan: NodeId; readonly ports: readonly StatePort[] } {
  const { builder, form, ambients: around, at } = place;
  const before = scanOf(node);
  const real = around.ownReal();
  const scan = real === undefined ? before : withPaddingMask(before, at);
  const ends = before.states + before.sequences;
  const given = real === undefined ? inputs : inputs.toSpliced(ends, 0, real);
  const results = makeScan(builder, scan, given, at);
  const last = results.slice(results.length - decls.length);
  const ports = decls.map((decl, i): StatePort => {
    const { type, fill } = decl;
    return { decl, rule: 'replace', ...names.get(decl.name)!, type, fill, node: last[i]! };
  });
  return { scan: builder.node(results[0]!).inputs[0]!, ports: form.cache === 'none' ? [] : ports };
}

/** Adds a sequence to the step that says whether the token is real, so that a padded one leaves the states as they are. */
function withPaddingMask(scan: Scan, at: readonly Origin[]): Scan {
  const { graph } = scan.body;
  const builder = newBuilder();
  const moved: NodeId[] = [];
  for (const node of graph.nodes) {
    const values = node.inputs.map((i) => moved[i]!);
    moved.push(builder.same(node, values, graph.origins[node.id]!));
  }
  const batch = graph.inputs[0]!.type.shape[0]!;
  const isReal: GraphInput = { name: 'is_real', type: { dtype: 'bool', shape: [batch] } };
  const real = builder.leaf('input', [], { name: isReal.name }, isReal.type, at);
  const outputs = graph.outputs.map(({ name, node }, i) =>
    i < scan.states
      ? { name, node: keptAtPads(builder, real, moved[node]!, graph.inputs[i]!, at) }
      : { name, node: moved[node]! },
  );
  const inputs = graph.inputs.toSpliced(scan.states + scan.sequences, 0, isReal);
  const padded: Graph = builder.finish({ ...graph, inputs, outputs });
  return { body: bodyFrom(padded), states: scan.states, sequences: scan.sequences + 1 };
}

function keptAtPads(
  builder: Builder,
  real: NodeId,
  next: NodeId,
  state: GraphInput,
  at: readonly Origin[],
): NodeId {
  const before = builder.leaf('input', [], { name: state.name }, state.type, at);
  const w = words(builder.emit(at));
  const ones = state.type.shape.slice(1).map((): Dim => size(1));
  return w.where(w.reshape(real, [state.type.shape[0]!, ...ones]), next, before);
}
