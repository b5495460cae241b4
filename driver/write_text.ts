/** Writes one text into a file, whole or not at all. */

import { basename, dirname } from 'node:path';
import { writeArtifact } from '../backends/write_artifact_node.ts';
import { noteSwept } from './output_path.ts';
import { type Caller, silent } from './reporter.ts';

/** Refuses (N504) to overwrite what exists unless told to. Gives the number of bytes. */
export async function writeText(
  path: string,
  text: string,
  overwrite: boolean,
  { io, signal }: Caller = { io: silent },
): Promise<number> {
  const data = new TextEncoder().encode(text);
  const file = { name: basename(path), size: data.length, chunks: () => [data] };
  await writeArtifact({ files: [file], diagnostics: [] }, dirname(path), {
    ...(signal ? { signal } : {}),
    overwrite,
    onSwept: noteSwept(io),
  });
  return data.length;
}
