/** Writes the manifest into a file beside a model that holds only its hash. */

import { basename, dirname, join } from 'node:path';
import type { Artifact } from '../backends/backend.ts';
import { sidecarFile, sidecarName, sidecarNames } from '../backends/sidecar.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import { contentOf } from './on_disk.ts';

/** `of` says whether the file is of one model, or of all of the folder that the model lies in. */
export function withSidecar(
  artifact: Artifact,
  manifest: Manifest,
  folder: string,
  of: 'folder' | 'model',
): Artifact {
  const { files, graphHash: graph } = artifact;
  if (graph === undefined) return artifact;
  const model = files.at(-1)!.name;
  const own = basename(model);
  const name = join(dirname(model), of === 'folder' ? sidecarName : sidecarNames(own)[0]!);
  const before = of === 'folder' ? contentOf(join(folder, name))?.toString() : undefined;
  return { ...artifact, files: [sidecarFile(name, own, { graph, manifest }, before), ...files] };
}
