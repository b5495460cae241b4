/** A session on the interpreter, which is slow and which the verifier takes as the reference. */

import { evaluator } from '../../compiler/evaluate/evaluate.ts';
import type { Graph, Node } from '../../compiler/graph/ir.ts';
import { boundaryOf } from '../../compiler/ports/boundary.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Session } from '../../compiler/ports/session.ts';
import type { WeightSource } from '../../compiler/weights/source.ts';
import type { Tensor } from '../../spec/tensor.ts';

/** The interpreter itself, for sessions on other forms of a graph. */
export { evaluator };

export interface ReferenceOptions {
  /** Sees every value as it is computed. */
  readonly tap?: (node: Node, value: Tensor) => void;
}

/** The boundary is the graph's own, which may be an earlier form of the graph than the manifest's. */
export function referenceSession(
  graph: Graph,
  manifest: Manifest,
  weights: Pick<WeightSource, 'values'>,
  { tap }: ReferenceOptions = {},
): Session {
  const machine = evaluator(graph, { values: (name) => weights.values(name) });
  const wanted = new Set(graph.inputs.map((i) => i.name));
  return {
    label: 'reference',
    manifest: {
      ...manifest,
      ...boundaryOf(graph),
    },
    run: async (feeds, fetches) => {
      const used = Object.entries(feeds).filter(([name]) => wanted.has(name));
      const outputs = machine.run(Object.fromEntries(used), tap ? { tap } : {});
      if (!fetches) return outputs;
      return Object.fromEntries(Object.entries(outputs).filter(([name]) => fetches.includes(name)));
    },
    close: async () => {},
  };
}
