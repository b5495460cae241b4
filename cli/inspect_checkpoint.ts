/** A checkpoint: its format, config and tensors; under --json also a checksum of every logical tensor. */

import { createHash } from 'node:crypto';
import type { Checkpoint, LazyTensor } from '../compiler/weights/checkpoint.ts';
import { findGeneration } from '../compiler/weights/nanochat.ts';
import { openCheckpoint } from '../compiler/weights/open_checkpoint.ts';
import { rawBytes } from '../compiler/weights/stream.ts';
import { type Diagnostic, Refusal } from '../spec/diagnostic.ts';
import { product } from '../spec/tensor.ts';
import type { Context } from './command.ts';
import { findSpec } from './find_spec.ts';
import { groupKeys } from './group_keys.ts';
import type { InspectOptions } from './inspect.ts';
import { sizeText } from './open_inputs.ts';
import { shortCount } from './short_count.ts';
import { table } from './table.ts';

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
  const { format, files, tensors, config, configFile } = checkpoint;
  const all = [...tensors.values()];
  const rows = groupKeys(all.map((t) => ({ key: t.name, traits: `${t.dtype}[${t.shape}]`, t }))).map(
    ({ name, members: [first, ...more] }) => [
      name,
      `${first!.t.dtype}[${first!.t.shape.join(', ')}]`,
      shortCount(product(first!.t.shape) * (1 + more.length)),
    ],
  );
  return [
    `${checkpoint.path}: ${format}, ${sizeText(checkpoint)}, ${shortCount(all.reduce((s, t) => s + product(t.shape), 0))} numbers`,
    `files: ${files.join(', ')}`,
    `spec: ${verdict(checkpoint)}`,
    ...(config ? [`config (${configFile ?? 'in the file'}): ${JSON.stringify(config)}`] : ['config: none']),
    '',
    table([{ title: 'tensor' }, { title: 'type' }, { title: 'count', align: 'right' }], rows),
  ].join('\n');
}

function verdict(checkpoint: Checkpoint): string {
  const found = findGeneration(checkpoint);
  if (!found) return foreign(checkpoint);
  if ('spec' in found) return `${found.spec} (${found.why})`;
  if ('ambiguous' in found) return `${found.ambiguous.join(' or ')} (${found.why})`;
  return `none: nanochat's ${found.refused} (${found.why})`;
}

function foreign(checkpoint: Checkpoint): string {
  try {
    const { name, why } = findSpec(checkpoint);
    return `${name} (${why})`;
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const [{ message, hint }] = cause.diagnostics as readonly [Diagnostic];
    return `none: ${message}${hint ? `; ${hint}` : ''}`;
  }
}

function asJson(checkpoint: Checkpoint): unknown {
  return {
    path: checkpoint.path,
    format: checkpoint.format,
    files: checkpoint.files,
    config: checkpoint.config ?? null,
    generation: findGeneration(checkpoint) ?? null,
    tensors: [...checkpoint.tensors.values()].map((t) => ({
      name: t.name,
      dtype: t.dtype,
      shape: t.shape,
      sha256: checksum(t),
    })),
  };
}

/** Of the row-major little-endian bytes, in the dtype that the file has. */
function checksum(tensor: LazyTensor): string {
  const hash = createHash('sha256');
  for (const chunk of rawBytes(tensor)) hash.update(chunk);
  return hash.digest('hex');
}
