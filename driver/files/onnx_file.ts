/** Files of the ONNX target, opened in onnxruntime. */

import { externalOf } from '../../backends/onnx/model_file.ts';
import { dataFiles, isModel, readModel, weightsIn } from '../../backends/onnx/read_model.ts';
import type { FileKind } from '../../backends/opened_model.ts';
import { onnxSession } from '../../runtime/sessions/onnx_node_session.ts';
import { bytes } from '../byte_count.ts';
import { openInside } from './open_inside.ts';

export const onnxFile: FileKind = {
  recognises: isModel,
  beside: (path) => dataFiles(readModel(path)),
  read(path, { threads }) {
    const model = readModel(path);
    const { manifest, metadata, opset, irVersion, initializers } = model;
    const total = initializers.reduce((sum, t) => sum + t.bytes, 0);
    const external = externalOf(dataFiles(model).length > 0, total);
    return {
      manifest,
      emit: { opset, metadata, external, fileName: 'model.onnx' },
      tensors: () => weightsIn(model),
      inside: (compiled, ids, device) => openInside(model, compiled, ids, device),
      open: (device) =>
        onnxSession({ model: path, manifest, device, ...(threads === undefined ? {} : { threads }) }),
      facts() {
        const nodes = Object.entries(model.nodes).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
        const count = nodes.reduce((sum, [, n]) => sum + n, 0);
        const list = nodes.map(([op, n]) => `${n} ${op}`).join(', ');
        return {
          head: `opset ${opset}, IR ${irVersion}`,
          lines: [`${initializers.length} initialisers of ${bytes(total)}; ${count} nodes: ${list}`],
          json: { opset, ir: irVersion, nodes: model.nodes },
        };
      },
    };
  },
};
