/** What was compiled, as plain values: `nanoc compile --json` prints them. */

import type { Written } from './compile_to.ts';
import { parameterCount } from './spec_figures.ts';

export function writtenReport({ compiled, artifact, path, target, options, needs }: Written) {
  const { manifest, graph, program } = compiled;
  // Where the manifest lies shows in the files.
  const { fileName: _, metadata: __, ...told } = options;
  return {
    path,
    files: artifact.files.map(({ name, size }) => ({ name, bytes: size })),
    ...(artifact.links ? { links: artifact.links.map(({ name, of }) => ({ name, of })) } : {}),
    spec: manifest.spec.name,
    parameters: parameterCount(program),
    nodes: graph.nodes.length,
    target,
    needs,
    ...told,
    cache: manifest.cache,
    context: manifest.context ?? null,
    weights: manifest.weights,
  };
}
