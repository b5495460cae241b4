/** Writes one text into a file, whole or not at all. */

import { basename, dirname } from 'node:path';
import type { Artifact } from '../backends/backend.ts';
import { writeArtifact } from '../backends/write_artifact_node.ts';
import { noteSwept, refuseOverwrite } from './output_path.ts';
import { type Caller, silent } from './reporter.ts';

function artifactOf(path: string, text: string): Artifact {
  const data = new TextEncoder().encode(text);
  const file = { name: basename(path), size: data.length, chunks: () => [data] };
  return { files: [file], diagnostics: [] };
}

/** Refuses (N504) to overwrite what exists, for those who make the text only after long work. */
export const refuseText = (path: string): void => refuseOverwrite(artifactOf(path, ''), dirname(path));

/** Refuses (N504) to overwrite what exists unless told to. Gives the number of bytes. */
export async function writeText(
  path: string,
  text: string,
  overwrite: boolean,
  { io, signal }: Caller = { io: silent },
): Promise<number> {
  const artifact = artifactOf(path, text);
  await writeArtifact(artifact, dirname(path), {
    ...(signal ? { signal } : {}),
    overwrite,
    onSwept: noteSwept(io),
  });
  return artifact.files[0]!.size;
}
