/** What a checkpoint is in lines of text: its format and size, the spec that takes it, and its config. */

import type { Checkpoint } from '../../compiler/checkpoint/checkpoint.ts';
import type { Diagnostic } from '../../spec/diagnostic.ts';
import { product } from '../../spec/tensor.ts';
import { sizeText } from '../open_inputs.ts';
import { shortCount } from '../page/short_count.ts';
import { configLines } from '../specs/config_lines.ts';
import { reasonOf, refusals } from '../specs/try_spec.ts';
import { specFor, type Verdict } from './checkpoint_report.ts';

export function checkpointLines(checkpoint: Checkpoint): readonly string[] {
  const { path, format, files, tensors } = checkpoint;
  const found = specFor(checkpoint);
  const numbers = [...tensors.values()].reduce((sum, { shape }) => sum + product(shape), 0);
  return [
    `${path}: ${format}, ${sizeText(checkpoint)}, ${shortCount(numbers)} numbers`,
    `files: ${files.join(', ')}`,
    ...specLines(found, checkpoint),
    ...configLines(checkpoint, 'name' in found ? { name: found.name, ...found.trial.program } : {}),
  ];
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
  const [shown, rest] = [faults.slice(0, mostFaultsShown), faults.slice(mostFaultsShown)];
  const more = rest.length > 0 ? `; and ${rest.length} more` : '';
  return `not all match: ${shown.map(withLayers).join('; ')}${more}`;
}

/** The message with its remarks about other layers. */
const withLayers = ({ message, related = [] }: Diagnostic): string =>
  [message, ...related.filter((r) => !r.span).map((r) => r.message)].join(', ');

const mostFaultsShown = 3;
