/** The laws of scans: what goes into the step is what the step takes, and what it carries keeps its type. */

import { Bug } from '../../spec/diagnostic.ts';
import { type GraphDType, showType, type TensorType } from '../../spec/type.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { resultTypes, scanOf } from '../graph/scan_body.ts';

/** Throws a `Bug` that says which law is broken. The step itself is a graph, and checked as one where it is made. */
export function checkScan({ nodes }: Graph, { id, inputs, attrs }: Node): void {
  const { body, states, sequences } = scanOf({ attrs });
  const fail = (law: string): never => {
    throw new Bug(`scan %${id}: ${law}`);
  };
  if (inputs.length !== body.graph.inputs.length)
    fail(`${inputs.length} inputs for ${body.graph.inputs.length} of its step`);
  body.graph.inputs.forEach(({ name, type }, i) => {
    const given = nodes[inputs[i]!]!.type;
    const walked = i >= states && i < states + sequences;
    const seen = walked ? { dtype: given.dtype, shape: given.shape.toSpliced(1, 1) } : given;
    if (showType(seen) !== showType(type)) fail(`${name} is ${showType(type)}, given ${showType(given)}`);
  });
  for (let i = 0; i < states; i++) {
    const [before, after] = [body.graph.inputs[i]!.type, body.graph.nodes[body.graph.outputs[i]!.node]!.type];
    if (showType(before) !== showType(after)) fail(`a state ${showType(before)} becomes ${showType(after)}`);
  }
}

export function resultType({ nodes }: Graph, { id, inputs, attrs }: Node): TensorType<GraphDType> {
  const scan = nodes[inputs[0]!]!;
  if (scan.op !== 'scan') throw new Bug(`%${id} selects a result of %${scan.id} (${scan.op})`);
  const { states } = scanOf(scan);
  const tokens = nodes[scan.inputs[states]!]!.type.shape[1]!;
  const type = resultTypes(scanOf(scan), tokens)[Number(attrs['index'])];
  if (!type) throw new Bug(`%${id} selects a result that %${scan.id} does not have`);
  return type;
}
