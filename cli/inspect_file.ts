/** A compiled model: what it was made from, its boundary, its ports, and what its target tells of the file. */

import type { BoundaryTensor, Manifest } from '../compiler/ports/manifest.ts';
import { bytes } from '../driver/byte_count.ts';
import { openModel } from '../driver/model_kinds.ts';
import { modelSize } from '../driver/model_size.ts';
import type { Context } from './command.ts';
import { table } from './output/table.ts';
import { laidOut } from './output/terminal.ts';

export function showModel({ io }: Context, path: string): void {
  const { manifest, facts } = openModel(path);
  const { head, lines, json } = facts?.() ?? { head: '', lines: [], json: {} };
  io.answer(
    () =>
      laidOut([
        ...originLines(path, manifest),
        [...(head === '' ? [] : [head]), formOf(manifest)].join(', '),
        ...lines,
        ...boundaryLines(manifest),
      ]),
    () => ({ path, bytes: modelSize(path), manifest, ...json }),
  );
}

/** `cache static, 300 slots, logits last, context 2048` */
function formOf({ cache, slots, logits, context }: Manifest): string {
  const kept = slots === undefined ? cache : `${cache}, ${slots} slots`;
  return `cache ${kept}, logits ${logits}, context ${context ?? 'unbounded'}`;
}

/** Who made it of what. */
const originLines = (path: string, { model, producer, spec, weights }: Manifest): readonly string[] => [
  `${path}: ${model}, made by ${producer} from ${spec.name}, ${bytes(modelSize(path))}`,
  `spec sha256 ${spec.sha256.slice(0, 16)}..., weights ${weights.slice(0, 23)}`,
];

/** Tables of inputs and outputs with the ports that they belong to. */
function boundaryLines({ inputs, outputs, ports }: Manifest): readonly string[] {
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
