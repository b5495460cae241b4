/** What all methods of one archive share. */

import type { Graph, NodeId, Origin } from '../../compiler/graph/ir.ts';
import { mentions } from '../../spec/dim.ts';
import type { GraphDType } from '../../spec/type.ts';
import type { FunctionText } from './functions.ts';
import type { Places } from './module_tree.ts';
import type { Release } from './operators.ts';
import type { SpecText } from './spec_text.ts';

/** The package that the classes and functions of an archive lie in. */
export const packageName = '__torch__.nanoc';

export interface CodeContext {
  readonly graph: Graph;
  readonly places: Places;
  readonly spec: SpecText;
  readonly release: Release;
  readonly compute: GraphDType;
  /** Functions that have been asked for, by name. */
  readonly functions: Map<string, FunctionText>;
  /** For each node those that read its value. */
  readonly users: ReadonlyMap<NodeId, readonly NodeId[]>;
  /** Boundary inputs that a caller may leave out. */
  readonly optional: readonly string[];
  /** The node that holds the final value of an expression of the spec in a block, by `placeKey`. */
  readonly meaning: ReadonlyMap<string, NodeId>;
}

/** Every input has a node, because those that nothing reads are given one before the code is written. */
export const inputNode = ({ nodes }: Pick<Graph, 'nodes'>, name: string): NodeId =>
  nodes.find((n) => n.op === 'input' && n.attrs['name'] === name)!.id;

/**
 * The mask and positions. A call without both counts its tokens after those of the ports. Where all ports are states of a fixed
 * length, which do not show how many came before, positions are counted by a mask that the caller must give.
 */
export function optionalInputs(graph: Graph, users: CodeContext['users']): readonly string[] {
  const { inputs, ports } = graph;
  const [mask, positions] = ['attention_mask', 'position_ids'];
  const isRead = inputs.some(({ name }) => name === positions && users.has(inputNode(graph, name)));
  const tellsLength = inputs.some(
    ({ name, type }) => name === 'past_length' || (name !== mask && type.shape.some((d) => mentions(d, 'P'))),
  );
  return isRead && ports.length > 0 && !tellsLength ? [positions] : [mask, positions];
}

/** A key for an expression of the spec in one instance of a block. */
export const placeKey = ({ scope, span }: Origin): string => `${scope} ${span.start}:${span.end}`;

export function meaningOf({ nodes, origins }: Graph): ReadonlyMap<string, NodeId> {
  const meaning = new Map<string, NodeId>();
  for (const { id, op } of nodes) {
    if (op !== 'scalar') for (const origin of origins[id]!) meaning.set(placeKey(origin), id);
  }
  return meaning;
}

export function use(context: CodeContext, text: FunctionText): string {
  context.functions.set(text.name, text);
  return `${packageName}.${text.name}`;
}

export const dtypeNumbers: Readonly<Record<GraphDType, number>> = {
  int64: 4,
  float16: 5,
  float32: 6,
  bool: 11,
  bfloat16: 15,
};
