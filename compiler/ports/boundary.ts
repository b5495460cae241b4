/** Sizes, inputs and outputs of a compiled model, under the names that clients of ONNX models expect. */

import { add, atom, constant, type Dim, show, substitute } from '../../spec/dim.ts';
import type { Graph, Port } from '../graph/ir.ts';
import type { BoundarySize, BoundaryTensor, Manifest, ManifestPort } from './manifest.ts';

const sizeNames: Readonly<Record<string, string>> = {
  B: 'batch_size',
  T: 'sequence_length',
  P: 'past_sequence_length',
};
const total = add(atom('P'), atom('T'));

/** A number, one of the four names of a `BoundarySize`, or an expression over them. */
export function boundarySize(dim: Dim): BoundarySize {
  const n = constant(dim);
  if (n !== undefined) return n;
  if (dim.key === total.key) return 'total_sequence_length';
  return show(
    substitute(dim, (name) => {
      const word = sizeNames[name];
      return word === undefined ? undefined : atom(word);
    }),
  );
}

export const boundaryInputs = (graph: Graph): readonly BoundaryTensor[] =>
  graph.inputs.map(({ name, type }) => ({ name, dtype: type.dtype, shape: type.shape.map(boundarySize) }));

export const boundaryOutputs = (graph: Graph): readonly BoundaryTensor[] =>
  graph.outputs.map(({ name, node }) => {
    const { dtype, shape } = graph.nodes[node]!.type;
    return { name, dtype, shape: shape.map(boundarySize) };
  });

export const boundaryPort = ({
  decl,
  rule,
  input,
  output,
  newRows,
  type,
  axis,
  fill,
}: Port): ManifestPort => ({
  name: decl.name,
  input,
  output,
  ...(newRows === undefined ? {} : { newRows }),
  rule,
  dtype: type.dtype,
  shape: type.shape.map(boundarySize),
  ...(axis === undefined ? {} : { axis }),
  fill,
});

export const boundaryOf = (graph: Graph): Pick<Manifest, 'inputs' | 'outputs' | 'ports'> => ({
  inputs: boundaryInputs(graph),
  outputs: boundaryOutputs(graph),
  ports: graph.ports.map(boundaryPort),
});
