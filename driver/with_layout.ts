/** Puts the files of a layout around a model. */

import { join } from 'node:path';
import type { Artifact, ArtifactFile, Backend } from '../backends/backend.ts';
import type { Layout, LayoutTokenizer } from '../backends/layout/layout.ts';
import { fileName } from '../compiler/bytes/paths.ts';
import type { Compiled } from '../compiler/compile.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { nearest } from '../spec/nearest.ts';
import { type CompileOptions, defaults } from './compile_options.ts';
import { modelFolder } from './layout_folders.ts';
import { contentOf } from './on_disk.ts';
import type { FoundTokenizer } from './open_inputs.ts';
import { clientOf, layouts, targets } from './registry.ts';
import { hubFiles, misfit } from './tokenizer_files.ts';
import { usage } from './usage.ts';

/** Undefined for a plain layout; refuses (N510) a name that no layout has, and what the client of a layout cannot run at all. */
export function layoutOf(
  { layout: name, cache = defaults.cache }: Pick<CompileOptions, 'layout' | 'cache'>,
  backend: Backend,
): Layout | undefined {
  if (name === undefined || name === 'plain') return undefined;
  const layout = layouts().find((l) => l.name === name) ?? unknownLayout(name);
  if (!clientOf(layout, backend)) {
    const names = targets().filter((target) => clientOf(layout, target));
    throw usage(
      `--layout ${layout.name} takes no ${backend.name}`,
      `--target ${names.map((target) => target.name).join(' or ')}`,
    );
  }
  if (!layout.caches.includes(cache.form)) {
    throw usage(
      `--layout ${layout.name} cannot work with --cache ${cache.form}`,
      `its client wants --cache ${layout.caches.join(' or ')}`,
    );
  }
  return layout;
}

function unknownLayout(name: string): never {
  const names = layoutNames();
  const word = name.toLowerCase();
  const near = layouts().find(({ otherNames }) => otherNames?.includes(word))?.name ?? nearest(word, names);
  const allowed = `allowed: ${names.join(', ')}`;
  throw usage(
    `unknown layout \`${name}\``,
    near === undefined ? allowed : `did you mean ${near}? ${allowed}`,
  );
}

/** What `--layout` takes. */
export const layoutNames = (): readonly string[] => ['plain', ...layouts().map(({ name }) => name)];

/** `folder` is where the files go, named after the model unless the user named it. */
export function withLayout(
  layout: Layout,
  artifact: Artifact,
  { manifest, reference }: Compiled,
  found: FoundTokenizer | undefined,
  { folder, backend }: { readonly folder: string; readonly backend: Backend },
): Artifact {
  const tokenizer = found && fitting(found, manifest.vocab);
  if (layout.wantsTokenizer && !tokenizer) {
    throw new Refusal([
      error('N708', `--layout ${layout.name} wants a tokenizer`, {
        found: 'none beside the checkpoint',
        hint: '--tokenizer PATH names one',
      }),
    ]);
  }
  const around = layout.around({
    ...{
      manifest,
      graph: reference,
      files: artifact.files,
      name: manifest.model,
      target: backend.name,
      client: clientOf(layout, backend)!, // `layoutOf` has looked
      existing: (file) => contentOf(join(folder, file))?.toString(),
    },
    ...(tokenizer ? { tokenizer } : {}),
  });
  const place = modelFolder(layout, manifest.model);
  const laid = artifact.files.map(
    (file): ArtifactFile => ({ ...file, name: `${place}${fileName(file.name)}` }),
  );
  return { ...artifact, files: [...around, ...laid] };
}

function fitting({ file }: FoundTokenizer, vocab: number): LayoutTokenizer {
  const refusal = misfit(file, vocab);
  if (refusal) throw refusal;
  const { bos, stops } = file.tokenizer;
  return { ...hubFiles(file), stops, ...(bos === undefined ? {} : { bos }) };
}
