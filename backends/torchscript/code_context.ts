/** What all methods of one archive share. */

import type { Graph, NodeId, Origin } from '../../compiler/graph/ir.ts';
import type { GraphDType } from '../../spec/type.ts';
import type { FunctionText } from './functions.ts';
import type { Places } from './module_tree.ts';
import type { Release } from './operators.ts';
import type { SpecText } from './spec_text.ts';

/** The package that the classes and functions of an archive lie in. */
export const packageName = '__torch__.nanoc';

/** Boundary inputs that a caller may leave out. */
export const optionalInputs: readonly string[] = ['attention_mask', 'position_ids'];

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
  /** The node that holds the final value of an expression of the spec in a block, by `placeKey`. */
  readonly meaning: ReadonlyMap<string, NodeId>;
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
