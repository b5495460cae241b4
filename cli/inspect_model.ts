/** A compiled model: what it was made from, its boundary, its ports and its nodes. */

import { readManifest, readModel } from '../backends/onnx/read_model.ts';
import type { BoundaryTensor } from '../compiler/manifest.ts';
import type { Context } from './command.ts';
import { bytes } from './io.ts';
import { table } from './table.ts';

export async function inspectModel({ io }: Context, path: string): Promise<void> {
  const manifest = readManifest(path);
  const model = readModel(path);
  if (io.options.json) {
    io.json({ path, manifest, opset: model.opset, ir: model.irVersion, nodes: model.nodes });
    return;
  }
  const total = model.initializers.reduce((sum, t) => sum + t.bytes, 0);
  const nodes = Object.entries(model.nodes).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const count = nodes.reduce((sum, [, n]) => sum + n, 0);
  const form = manifest.slots === undefined ? manifest.cache : `${manifest.cache}, ${manifest.slots} slots`;
  const kind = (t: BoundaryTensor): string => `${t.dtype}[${t.shape.join(', ')}]`;
  const ports = new Map(
    manifest.ports.flatMap((p) => [[p.input, p.name] as const, [p.output, p.name] as const]),
  );
  io.result(
    [
      `${path}: ${manifest.model}, made by ${manifest.producer} from ${manifest.spec.name}`,
      `spec sha256 ${manifest.spec.sha256.slice(0, 16)}..., weights ${manifest.weights.slice(0, 23)}`,
      `opset ${model.opset}, IR ${model.irVersion}, cache ${form}, logits ${manifest.logits}, context ${manifest.context ?? 'unbounded'}`,
      `${model.initializers.length} initialisers, ${bytes(total)}; ${count} nodes: ${nodes.map(([op, n]) => `${n} ${op}`).join(', ')}`,
      '',
      table(
        [{ title: 'input' }, { title: 'type' }, { title: 'port' }],
        manifest.inputs.map((t) => [t.name, kind(t), ports.get(t.name) ?? '']),
      ),
      '',
      table(
        [{ title: 'output' }, { title: 'type' }, { title: 'port' }],
        manifest.outputs.map((t) => [t.name, kind(t), ports.get(t.name) ?? '']),
      ),
    ].join('\n'),
  );
}
