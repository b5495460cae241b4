/** What a model was made from, so that a manifest can say it and a second look can tell: the spec's text, the weights' index. */

import type { ElaborationOptions } from '../spec/program.ts';
import type { Source } from '../spec/source.ts';
import { fileName, folderOf, joined } from './bytes/paths.ts';
import { sha256 } from './bytes/sha256.ts';
import type { Manifest } from './ports/manifest.ts';
import type { Binding } from './weights/bind.ts';

export interface Recorder {
  readonly include: ElaborationOptions['include'];
  /** Text of every file included, by the path that the specs themselves spell, from the root spec's folder. */
  readonly texts: Map<string, string>;
}

/** The path as the includes spell it, not where the file was found: that would tell of the user's folders, and is unknown when the model is compiled again. */
const spelled = (path: string, from: string): string => joined(folderOf(from), slashes(path));

const slashes = (path: string): string => path.replaceAll('\\', '/');

/** Each file is read once, though a spec may be built twice: both graphs are then of one text, whatever is written meanwhile. */
export function recordIncludes(root: Source, include: ElaborationOptions['include']): Recorder {
  const texts = new Map<string, string>();
  const spellings = new Map<string, string>();
  const read = new Map<string, ReturnType<typeof include>>();
  return {
    texts,
    include(path, from) {
      const asked = `${from}\0${path}`;
      if (!read.has(asked)) read.set(asked, include(path, from));
      const found = read.get(asked);
      if (!found || 'refused' in found) return found;
      const name = spelled(path, spellings.get(from) ?? fileName(root.name));
      if (!spellings.has(found.name)) spellings.set(found.name, name);
      texts.set(name, found.text);
      return found;
    },
  };
}

export function specIdentity(root: Source, { texts }: Recorder): Manifest['spec'] {
  const includes = Object.fromEntries([...texts].sort(([a], [b]) => (a < b ? -1 : 1)));
  const hash = sha256().update(root.text);
  for (const [name, text] of Object.entries(includes)) hash.update(`\0${name}\0${text}`);
  return { name: fileName(root.name), text: root.text, sha256: hash.hex(), includes };
}

/** The spec and its includes as a manifest keeps them, ready to be compiled again. */
export function specOf({ spec }: Manifest): {
  readonly source: Source;
  include(path: string, from: string): Source | undefined;
} {
  return {
    source: { name: spec.name, text: spec.text },
    include(path, from) {
      const name = spelled(path, from === '' ? spec.name : from);
      return Object.hasOwn(spec.includes, name) ? { name, text: spec.includes[name]! } : undefined;
    },
  };
}

/** sha256 over the index: names, shapes, dtypes and the checksums that the archive records; not over the bytes themselves. */
export function weightsIdentity(binding: Binding | undefined, seed: number): string {
  if (!binding) return `${random}${seed}`;
  const hash = sha256();
  for (const [key, { decl, tensor }] of [...binding.entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const stored = tensor
      ? `${tensor.dtype} [${tensor.shape}] [${tensor.strides}] ${tensor.start} ${tensor.storage.bytes} ${tensor.storage.crc ?? ''}`
      : `default ${decl.default}`;
    hash.update(`${key} [${decl.shape}] ${stored}\n`);
  }
  return `sha256:${hash.hex()}`;
}

const random = 'random:';

/** The seed of a model with random weights; undefined for one with a checkpoint. */
export const seedOf = ({ weights }: Manifest): number | undefined =>
  weights.startsWith(random) ? Number(weights.slice(random.length)) : undefined;
