/** What a checkpoint holds, and how the spec that ships for it takes it. */

import { createHash } from 'node:crypto';
import type { Checkpoint, LazyTensor } from '../../compiler/checkpoint/checkpoint.ts';
import { findGeneration } from '../../compiler/checkpoint/nanochat.ts';
import { rawBytes } from '../../compiler/weights/stream.ts';
import { type Diagnostic, Refusal } from '../../spec/diagnostic.ts';
import { type FoundSpec, findSpec } from '../specs/find_spec.ts';
import { loadSpec } from '../specs/load_spec.ts';
import { refusals, type Trial, trySpec } from '../specs/try_spec.ts';

/** The shipped spec for a checkpoint with the result of trying it, or why there is none. */
export type Verdict = (FoundSpec & { readonly trial: Trial }) | { readonly none: string };

export function specFor(checkpoint: Checkpoint): Verdict {
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

/** Plain values, as `nanoc inspect --json` prints them, with a checksum of every tensor: all bytes are read. */
export function checkpointReport(checkpoint: Checkpoint) {
  const { path, format, files, config, tensors } = checkpoint;
  return {
    ...{ path, format, files, config: config ?? null },
    generation: findGeneration(checkpoint) ?? null,
    spec: specReport(specFor(checkpoint)),
    tensors: [...tensors.values()].map((t) => ({
      name: t.name,
      dtype: t.dtype,
      shape: t.shape,
      sha256: checksum(t),
    })),
  };
}

function specReport(found: Verdict) {
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
