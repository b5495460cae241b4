/** Puts the tokenizer beside the model, so that `nanoc run` finds it there. */

import { join } from 'node:path';
import type { Artifact, ArtifactFile } from '../backends/backend.ts';
import { contentOf } from './on_disk.ts';
import type { FoundTokenizer } from './open_inputs.ts';
import type { OutputPath } from './output_path.ts';
import type { Reporter } from './reporter.ts';
import { misfit, tokenizerCopies } from './tokenizer_files.ts';

/** A tokenizer that was named must fit; one that was only found is left out when it does not. */
export function withTokenizer(
  io: Reporter,
  artifact: Artifact,
  { folder, file: model }: OutputPath,
  vocab: number,
  found: FoundTokenizer | undefined,
): Artifact {
  if (!found) return artifact;
  const { file, named } = found;
  const refusal = misfit(file, vocab);
  if (refusal) {
    if (named) throw refusal;
    const tokens = `${file.tokenizer.vocab} tokens`;
    io.note(`tokenizer: ${file.path} is left out: it has ${tokens}, and the model ${vocab}`);
    return artifact;
  }
  io.note(`tokenizer: ${file.path}`);
  const copies = tokenizerCopies(model, file)
    .filter(({ name, bytes }) => !isThere(join(folder, name), bytes))
    .map(({ name, bytes }): ArtifactFile => ({ name, size: bytes.length, chunks: () => [bytes] }));
  return { ...artifact, files: [...copies, ...artifact.files] };
}

/** The same model for another target shares the tokenizer that lies beside it. */
const isThere = (path: string, bytes: Uint8Array): boolean => contentOf(path)?.equals(bytes) ?? false;
