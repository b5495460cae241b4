/** The ONNX target: models of standard operators, as one file or with the weights beside it. */

import type { NodeId } from '../../compiler/graph/ir.ts';
import { decompose_composites } from '../../compiler/passes/decompose_composites.ts';
import { drop_dead_nodes } from '../../compiler/passes/drop_dead_nodes.ts';
import { fold_constants } from '../../compiler/passes/fold_constants.ts';
import { merge_views } from '../../compiler/passes/merge_views.ts';
import { stack_weights } from '../../compiler/passes/stack_weights.ts';
import { defineBackend, type EmitInput } from '../backend.ts';
import { flatten_rows } from './flatten_rows.ts';
import { modelFiles } from './model_file.ts';
import { keptAt } from './native.ts';
import { opsetOf, options } from './options.ts';
import { irVersion, opsets } from './versions.ts';
import { writeGraph } from './write_graph.ts';

export const onnx = defineBackend({
  name: 'onnx',
  doc: `ONNX model of standard operators, opset ${opsets.least} to ${opsets.most}`,
  extension: '.onnx',
  otherNames: ['ort', 'onnxruntime'],
  layouts: { 'transformers.js': {}, genai: {}, triton: { runtime: 'onnxruntime' } },
  newRows: true,
  options,
  needs: (given) => `opset ${opsetOf(given)}`,
  passes(given) {
    const opset = opsetOf(given);
    irVersion(opset);
    return [
      stack_weights,
      flatten_rows,
      decompose_composites({ keep: keptAt(opset) }),
      fold_constants,
      merge_views,
      drop_dead_nodes,
    ];
  },
  emit({ graph, manifest, weights, options: given }) {
    const written = writeGraph(graph, weights, opsetOf(given));
    return modelFiles(graph, written, manifest, given);
  },
});

/** The name in the file of each node's value; nodes whose value the file does not hold are left out. */
export const valueNames = ({
  graph,
  weights,
  options: given,
}: Pick<EmitInput, 'graph' | 'weights' | 'options'>): ReadonlyMap<NodeId, string> =>
  writeGraph(graph, weights, opsetOf(given)).names;
