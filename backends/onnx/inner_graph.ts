/** Graphs inside nodes: bodies of loops and arms of choices, which read values of the graph around them by name. */

import type { Dim } from '../../spec/dim.ts';
import type { GraphDType } from '../../spec/type.ts';
import { dataTypes, dimension, type GraphProto, type NodeProto, type ValueInfoProto } from './schema.ts';

export interface InnerValue {
  readonly name: string;
  readonly dtype: GraphDType;
  /** Inferred by the runtime when left out. */
  readonly shape?: readonly Dim[];
}

const valueInfo = ({ name, dtype, shape }: InnerValue): ValueInfoProto => ({
  name,
  type: {
    tensorType: { elemType: dataTypes[dtype], ...(shape ? { shape: { dim: shape.map(dimension) } } : {}) },
  },
});

export const innerGraph = (
  name: string,
  node: readonly NodeProto[],
  inputs: readonly InnerValue[],
  outputs: readonly InnerValue[],
): GraphProto => ({ name, node, input: inputs.map(valueInfo), output: outputs.map(valueInfo) });

const graphsIn = ({ attribute }: NodeProto): readonly GraphProto[] => attribute.flatMap(({ g }) => g ?? []);

/** Names that a node reads, including those that only graphs inside it read. */
export function readsOf(node: NodeProto): readonly string[] {
  return [...node.input, ...graphsIn(node).flatMap(readFromAround)];
}

function readFromAround({ node, input }: GraphProto): readonly string[] {
  const own = new Set([...input.map((x) => x.name), ...node.flatMap((n) => n.output)]);
  return node.flatMap(readsOf).filter((name) => !own.has(name));
}

/** The node with values under other names, in the graphs inside it too. */
export function renamedIn(node: NodeProto, final: (name: string) => string): NodeProto {
  return {
    ...node,
    input: node.input.map(final),
    output: node.output.map(final),
    attribute: node.attribute.map((a) =>
      a.g ? { ...a, g: { ...a.g, node: a.g.node.map((n) => renamedIn(n, final)) } } : a,
    ),
  };
}
