/** A compiled model: what it was made from, its boundary, its ports and its nodes. */

import { readManifest, readModel } from '../backends/onnx/read_model.ts';
import type { BoundaryTensor, Manifest } from '../compiler/ports/manifest.ts';
import { bytes } from '../driver/byte_count.ts';
import { modelSize } from '../driver/model_size.ts';
import type { Context } from './command.ts';
import { table } from './output/table.ts';
import { laidOut } from './output/terminal.ts';

export async function inspectModel({ io }: Context, path: string): Promise<void> {
  const manifest = readManifest(path);
  const model = readModel(path);
  if (io.options.json) {
    io.json({
      path,
      bytes: modelSize(path),
      manifest,
      opset: model.opset,
      ir: model.irVersion,
      nodes: model.nodes,
    });
    return;
  }
  const total = model.initializers.reduce((sum, t) => sum + t.bytes, 0);
  const nodes = Object.entries(model.nodes).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const count = nodes.reduce((sum, [, n]) => sum + n, 0);
  io.result(
    laidOut([
      ...originLines(path, manifest),
      `opset ${model.opset}, IR ${model.irVersion}, cache ${formOf(manifest)}, logits ${manifest.logits}, context ${manifest.context ?? 'unbounded'}`,
      `${model.initializers.length} initialisers of ${bytes(total)}; ${count} nodes: ${nodes.map(([op, n]) => `${n} ${op}`).join(', ')}`,
      ...boundaryLines(manifest),
    ]),
  );
}

/** `dynamic`, `static, 300 slots` */
export const formOf = ({ cache, slots }: Manifest): string =>
  slots === undefined ? cache : `${cache}, ${slots} slots`;

/** Who made it of what. */
export const originLines = (
  path: string,
  { model, producer, spec, weights }: Manifest,
): readonly string[] => [
  `${path}: ${model}, made by ${producer} from ${spec.name}, ${bytes(modelSize(path))}`,
  `spec sha256 ${spec.sha256.slice(0, 16)}..., weights ${weights.slice(0, 23)}`,
];

/** Tables of inputs and outputs with the ports that they belong to. */
export function boundaryLines({ inputs, outputs, ports }: Manifest): readonly string[] {
  const kind = (t: BoundaryTensor): string => `${t.dtype}[${t.shape.join(', ')}]`;
  const names = new Map(ports.flatMap((p) => [[p.input, p.name] as const, [p.output, p.name] as const]));
  const rows = (side: readonly BoundaryTensor[]) =>
    side.map((t) => [t.name, kind(t), names.get(t.name) ?? '']);
  return [
    '',
    table([{ title: 'input' }, { title: 'type' }, { title: 'port' }], rows(inputs)),
    '',
    table([{ title: 'output' }, { title: 'type' }, { title: 'port' }], rows(outputs)),
  ];
}
