/** Checks the laws of ports, which let a target update memory in place. */

import { Bug } from '../../spec/diagnostic.ts';
import { equal } from '../../spec/dim.ts';
import { showType } from '../../spec/type.ts';
import {
  type Graph,
  type GraphInput,
  type GraphOutput,
  isUnplaced,
  type Node,
  type Port,
} from '../graph/ir.ts';

export function checkPorts(graph: Graph): void {
  if (graph.ports.length === 0) return;
  const unplaced = graph.nodes.find(isUnplaced);
  if (unplaced) broken(`the ports are placed, yet %${unplaced.id} (${unplaced.op}) is not`);
  if (graph.caches.size > 0) broken('the ports are placed, yet the graph lists caches');
  const named: Named = {
    inputs: byName(graph.inputs),
    outputs: byName(graph.outputs),
    reads: new Map(graph.nodes.flatMap((n) => (n.op === 'input' ? [[n.attrs['name'], n]] : []))),
    users: usersOf(graph),
  };
  for (const port of graph.ports) checkPort(graph, port, named);
}

/** What a graph has under the names of its boundary. */
interface Named {
  readonly inputs: ReadonlyMap<string, GraphInput>;
  readonly outputs: ReadonlyMap<string, GraphOutput>;
  /** The node of an input. */
  readonly reads: ReadonlyMap<unknown, Node>;
  readonly users: Users;
}

const byName = <E extends { readonly name: string }>(entries: readonly E[]): ReadonlyMap<string, E> =>
  new Map(entries.map((entry) => [entry.name, entry]));

const broken = (law: string): never => {
  throw new Bug(law);
};

/** For each node those that read it; `undefined` stands for an output of the graph. */
type Users = ReadonlyMap<number, readonly (Node | undefined)[]>;

function usersOf({ nodes, outputs }: Graph): Users {
  const users = new Map<number, (Node | undefined)[]>();
  const note = (id: number, user: Node | undefined): void => {
    const known = users.get(id);
    if (known) known.push(user);
    else users.set(id, [user]);
  };
  for (const node of nodes) for (const input of node.inputs) note(input, node);
  for (const { node } of outputs) note(node, undefined);
  return users;
}

function checkPort(graph: Graph, port: Port, named: Named): void {
  const { decl, input, output, rule, type, axis } = port;
  const fail = (law: string): never => broken(`port ${decl.name}: ${law}`);
  // Clients know a layer's keys by their four axes, heads before tokens; only what a spec caches with other axes is left as it is.
  const own = decl.type.shape.length;
  if (input.startsWith('past_key_values.') && (own === 3 || own === 4) && type.shape.length !== 4) {
    fail(`${input} is ${showType(type)}, and a layer's keys and values have four axes`);
  }
  const declared = named.inputs.get(input) ?? fail(`the graph has no input ${input}`);
  if (showType(declared.type) !== showType(type)) {
    fail(`the input is ${showType(declared.type)}, the port ${showType(type)}`);
  }
  const result = named.outputs.get(output) ?? fail(`the graph has no output ${output}`);
  const last = graph.nodes[result.node]!;
  const found = last.type.shape;
  const fits =
    found.length === type.shape.length && found.every((d, i) => i === axis || equal(d, type.shape[i]!));
  if (!fits || last.type.dtype !== type.dtype) {
    fail(`the output is ${showType(last.type)}, the port ${showType(type)}`);
  }
  if (rule === 'in_place' || rule === 'append') checkJoin(port, last, named, fail);
}

/** The past is read by the node that joins it with what is new, and by nothing else; the port's output is that node. */
function checkJoin(
  { input, axis, rule }: Port,
  last: Node,
  { reads, users }: Named,
  fail: (law: string) => never,
): void {
  const op = rule === 'in_place' ? 'write' : 'append';
  const past = reads.get(input) ?? fail(`nothing reads ${input}`);
  const readers = users.get(past.id) ?? [];
  if (readers.length !== 1) fail(`${input} is read ${readers.length} times, not once`);
  const [reader] = readers;
  if (reader?.op !== op || reader.inputs[0] !== past.id) {
    const by = reader ? `%${reader.id} (${reader.op})` : 'an output';
    fail(`${input} is read by ${by}, not by its ${op}`);
  }
  if (reader !== last) fail(`the output is %${last.id} (${last.op}), not its ${op}`);
  if (last.attrs['axis'] !== axis) {
    fail(`its ${op} is along axis ${String(last.attrs['axis'])}, the port along ${String(axis)}`);
  }
}
