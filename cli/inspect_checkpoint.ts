/** A checkpoint: its format, config and tensors; under --json also a checksum of every logical tensor. */

import type { Checkpoint } from '../compiler/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../compiler/checkpoint/open_checkpoint.ts';
import { checkpointReport, specFor, type Verdict } from '../driver/inspect/checkpoint_report.ts';
import { sizeText } from '../driver/open_inputs.ts';
import { groupKeys } from '../driver/page/group_keys.ts';
import { shortCount } from '../driver/page/short_count.ts';
import { configLines } from '../driver/specs/config_lines.ts';
import { reasonOf, refusals } from '../driver/specs/try_spec.ts';
import type { Diagnostic } from '../spec/diagnostic.ts';
import { product } from '../spec/tensor.ts';
import type { Context } from './command.ts';
import { table } from './output/table.ts';
import { laidOut } from './output/terminal.ts';

export function showCheckpoint({ io }: Context, path: string, step: number | undefined): void {
  const checkpoint = openCheckpoint(path, step === undefined ? {} : { step });
  io.answer(
    () => card(checkpoint),
    () => checkpointReport(checkpoint),
  );
}

function card(checkpoint: Checkpoint): string {
  const { format, files, tensors } = checkpoint;
  const all = [...tensors.values()];
  const rows = groupKeys(all.map((t) => ({ key: t.name, traits: `${t.dtype}[${t.shape}]`, t }))).map(
    ({ name, members: [first, ...more] }) => [
      name,
      `${first!.t.dtype}[${first!.t.shape.join(', ')}]`,
      shortCount(product(first!.t.shape) * (1 + more.length)),
    ],
  );
  const found = specFor(checkpoint);
  return laidOut([
    `${checkpoint.path}: ${format}, ${sizeText(checkpoint)}, ${shortCount(all.reduce((s, t) => s + product(t.shape), 0))} numbers`,
    `files: ${files.join(', ')}`,
    ...specLines(found, checkpoint),
    ...configLines(checkpoint, 'name' in found ? { name: found.name, ...found.trial.program } : {}),
    '',
    table([{ title: 'tensor' }, { title: 'type' }, { title: 'count', align: 'right' }], rows),
  ]);
}

function specLines(found: Verdict, { tensors }: Checkpoint): readonly string[] {
  if ('none' in found) return [`spec: ${found.none}`];
  const { name, why, trial } = found;
  const [reason] = refusals(trial);
  return [
    `spec: ${name} (${why})${reason ? `, but it is refused: ${reasonOf(reason)}` : ''}`,
    `tensors: ${trial.tensors ? fitText(trial.tensors, tensors.size) : 'not compared, since the config does not say the sizes'}`,
  ];
}

/** How many of `count` tensors fit. */
function fitText(faults: readonly Diagnostic[], count: number): string {
  if (faults.length === 0) return `all ${count} match`;
  const [few, rest] = [faults.slice(0, mostFaults), faults.slice(mostFaults)];
  const more = rest.length > 0 ? `; and ${rest.length} more` : '';
  return `not all match: ${few.map(withLayers).join('; ')}${more}`;
}

/** The message with its remarks about other layers. */
const withLayers = ({ message, related = [] }: Diagnostic): string =>
  [message, ...related.filter((r) => !r.span).map((r) => r.message)].join(', ');

const mostFaults = 3;
