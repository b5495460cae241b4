/** A value of a graph that is wrong, and where it comes from. */

import type { Graph, NodeId, Origin } from '../../compiler/graph/ir.ts';
import type { Tensor } from '../../spec/tensor.ts';
import { showType } from '../../spec/type.ts';
import { compareValues } from './compare.ts';

export interface Finding {
  readonly node: NodeId;
  readonly op: string;
  /** `float32[B, T, 48]`. */
  readonly type: string;
  /** The piece of the spec that it came from. */
  readonly origin?: Origin;
  /** Block instances that it belongs to, in order of execution; layers share what is equal in all of them. */
  readonly scopes: readonly string[];
  /** For a value that belongs to no block, the block instances that use it. */
  readonly users: readonly string[];
  /** Name of the output of the model, if the value is one, such as the port `present.0.key`. */
  readonly output?: string;
  /** Weights among its inputs. */
  readonly params: readonly string[];
  readonly call: number;
  readonly abs: number;
  readonly expected: number;
  readonly actual: number;
  readonly index: readonly number[];
}

/** Where `actual` is farthest from `expected`. */
export function findingAt(graph: Graph, id: NodeId, call: number, expected: Tensor, actual: Tensor): Finding {
  const node = graph.nodes[id]!;
  const origins = graph.origins[id]!;
  const [origin] = origins;
  const output = graph.outputs.find((o) => o.node === id);
  const { abs, at } = compareValues(expected, actual);
  const params = node.inputs.flatMap((i) => {
    const { op, attrs } = graph.nodes[i]!;
    return op === 'param' ? [String(attrs['name'])] : [];
  });
  return {
    node: id,
    op: node.op,
    type: showType(node.type),
    ...(origin ? { origin } : {}),
    ...(output ? { output: output.name } : {}),
    scopes: scopesOf(graph, id),
    users: scopesOf(graph, id).length > 0 ? [] : usersOf(graph, id),
    params,
    call,
    abs,
    expected: expected.data[at] ?? Number.NaN,
    actual: actual.data[at] ?? Number.NaN,
    index: indexOf(at, expected.shape),
  };
}

const scopesOf = ({ origins }: Graph, id: NodeId): readonly string[] => [
  ...new Set(origins[id]!.map((o) => o.scope).filter((scope) => scope !== '')),
];

/** Also follows values that belong to no block themselves. */
function usersOf(graph: Graph, id: NodeId): readonly string[] {
  const reached = new Set([id]);
  const users = new Set<string>();
  for (const node of graph.nodes) {
    if (!node.inputs.some((i) => reached.has(i))) continue;
    const scopes = scopesOf(graph, node.id);
    for (const scope of scopes) users.add(scope);
    if (scopes.length === 0) reached.add(node.id);
  }
  return [...users];
}

function indexOf(at: number, shape: readonly number[]): readonly number[] {
  let rest = at;
  const fromLast = shape.toReversed().map((n) => {
    const i = rest % n;
    rest = Math.floor(rest / n);
    return i;
  });
  return fromLast.reverse();
}
