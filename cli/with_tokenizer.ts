/** Puts the tokenizer beside the model, so that `nanoc run` finds it there. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact, ArtifactFile } from '../backends/backend.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import type { Io } from './io.ts';
import type { FoundTokenizer } from './open_inputs.ts';
import type { OutputPath } from './output_path.ts';
import { tokenizerCopies } from './tokenizer_files.ts';

/** A tokenizer that was named must fit; one that was only found is left out when it does not. */
export function withTokenizer(
  io: Io,
  artifact: Artifact,
  { folder, file: model }: OutputPath,
  vocab: number,
  found: FoundTokenizer | undefined,
): Artifact {
  if (!found) return artifact;
  const { file, named } = found;
  if (file.tokenizer.vocab > vocab) {
    const tokens = `${file.tokenizer.vocab} tokens`;
    const expected = `at most ${vocab} tokens, the vocabulary of the model`;
    if (named) {
      throw new Refusal([
        error('N621', 'the tokenizer does not fit', { file: file.path, expected, found: tokens }),
      ]);
    }
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
const isThere = (path: string, bytes: Uint8Array): boolean =>
  existsSync(path) && statSync(path).isFile() && readFileSync(path).equals(bytes);
