/** A checkpoint: its format, config and tensors; under --json also a checksum of every logical tensor. */

import { createHash } from 'node:crypto';
import type { Checkpoint, LazyTensor } from '../compiler/checkpoint/checkpoint.ts';
import { findGeneration } from '../compiler/checkpoint/nanochat.ts';
import { openCheckpoint } from '../compiler/checkpoint/open_checkpoint.ts';
import { rawBytes } from '../compiler/weights/stream.ts';
import { sizeText } from '../driver/open_inputs.ts';
import { groupKeys } from '../driver/page/group_keys.ts';
import { shortCount } from '../driver/page/short_count.ts';
import { configLines } from '../driver/specs/config_lines.ts';
import { type FoundSpec, findSpec } from '../driver/specs/find_spec.ts';
import { loadSpec } from '../driver/specs/load_spec.ts';
import { reasonOf, refusals, type Trial, trySpec } from '../driver/specs/try_spec.ts';
import { type Diagnostic, Refusal } from '../spec/diagnostic.ts';
import { product } from '../spec/tensor.ts';
import type { Context } from './command.ts';
import type { InspectOptions } from './options/inspect_options.ts';
import { table } from './output/table.ts';
import { laidOut } from './output/terminal.ts';

export async function inspectCheckpoint(
  { io }: Context,
  path: string,
  { step }: InspectOptions,
): Promise<void> {
  const checkpoint = openCheckpoint(path, step === undefined ? {} : { step });
  if (io.options.json) io.json(asJson(checkpoint));
  else io.result(card(checkpoint));
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

/** The shipped spec for the checkpoint with the result of trying it, or why there is none. */
type Verdict = (FoundSpec & { readonly trial: Trial }) | { readonly none: string };

function specFor(checkpoint: Checkpoint): Verdict {
  const found = findGeneration(checkpoint);
  if (!found) return foreign(checkpoint);
  if ('ambiguous' in found) return { none: `${found.ambiguous.join(' or ')} (${found.why})` };
  if ('refused' in found) return { none: `none: nanochat's ${found.refused} (${found.why})` };
  return tried({ name: found.spec, why: found.why }, checkpoint);
}

function foreign(checkpoint: Checkpoint): Verdict {
  try {
    return tried(findSpec(checkpoint), checkpoint);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const [{ message, hint }] = cause.diagnostics as readonly [Diagnostic];
    return { none: `none: ${message}${hint ? `; ${hint}` : ''}` };
  }
}

function tried(found: FoundSpec, checkpoint: Checkpoint): Verdict {
  const { source, include } = loadSpec(found.name, undefined);
  return { ...found, trial: trySpec(source, include, checkpoint) };
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

function asJson(checkpoint: Checkpoint): unknown {
  return {
    path: checkpoint.path,
    format: checkpoint.format,
    files: checkpoint.files,
    config: checkpoint.config ?? null,
    generation: findGeneration(checkpoint) ?? null,
    spec: specJson(specFor(checkpoint)),
    tensors: [...checkpoint.tensors.values()].map((t) => ({
      name: t.name,
      dtype: t.dtype,
      shape: t.shape,
      sha256: checksum(t),
    })),
  };
}

function specJson(found: Verdict): unknown {
  if ('none' in found) return null;
  const { name, why, trial } = found;
  const refused = refusals(trial).map(({ code, message }) => ({ code, message }));
  return { name, why, refused, unread: trial.program?.unread ?? [] };
}

/** A checksum of the row-major little-endian bytes, in the dtype of the file. */
function checksum(tensor: LazyTensor): string {
  const hash = createHash('sha256');
  for (const chunk of rawBytes(tensor)) hash.update(chunk);
  return hash.digest('hex');
}
