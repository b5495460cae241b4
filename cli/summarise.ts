/** The summary that `nanoc compile` prints. */

import { seedOf } from '../compiler/identity.ts';
import type { Manifest } from '../compiler/ports/manifest.ts';
import { bytes } from '../driver/byte_count.ts';
import type { Written } from '../driver/compile_to.ts';
import { modelSize } from '../driver/model_size.ts';
import type { Inputs } from '../driver/open_inputs.ts';
import { shortCount } from '../driver/page/short_count.ts';
import { parameterCount } from '../driver/spec_figures.ts';
import type { Io } from './output/io.ts';

export function summarise(
  io: Io,
  { compiled, artifact, path, target, options, needs }: Written,
  { checkpoint }: Inputs,
): void {
  const { manifest, graph, program } = compiled;
  const parameters = parameterCount(program);
  if (io.options.json) {
    io.json({
      path,
      files: artifact.files.map(({ name, size: length }) => ({ name, bytes: length })),
      spec: manifest.spec.name,
      parameters,
      nodes: graph.nodes.length,
      target,
      needs,
      ...told(options),
      cache: manifest.cache,
      context: manifest.context ?? null,
      weights: manifest.weights,
    });
    return;
  }
  io.made(
    `${path}: ${manifest.model}, ${shortCount(parameters)} parameters, ${bytes(modelSize(path))}, ${needs}, ${cacheText(manifest)}`,
  );
  const beside = artifact.files.slice(0, -1).map((f) => f.name);
  if (beside.length > 0) io.made(`beside it: ${beside.join(', ')}`);
  if (!checkpoint) {
    io.made(`weights are random (seed ${seedOf(manifest)}): for trying things out only`);
  }
}

/** What the target was told, or does untold; where its manifest lies shows in the files. */
const told = ({ fileName: _, metadata: __, ...options }: Written['options']) => options;

function cacheText({ cache, slots }: Manifest): string {
  if (cache === 'none') return 'no cache';
  if (cache === 'dynamic') return 'dynamic cache';
  // A model that keeps nothing of single tokens has no slots.
  return slots === undefined ? 'static cache' : `static cache of ${slots} slots`;
}
