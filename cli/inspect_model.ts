/** Prints a compiled model: what it is, and tables of its inputs and outputs. */

import type { BoundaryTensor, Manifest } from '../compiler/ports/manifest.ts';
import { modelLines, modelReport } from '../driver/inspect/model_report.ts';
import { openModel } from '../driver/model_kinds.ts';
import type { Context } from './command.ts';
import { table } from './output/table.ts';
import { laidOut } from './output/terminal.ts';

export function showModel({ io }: Context, path: string): void {
  const model = openModel(path);
  io.answer(
    () => laidOut([...modelLines(model), ...boundaryLines(model.manifest)]),
    () => modelReport(model),
  );
}

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
