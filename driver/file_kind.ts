/** Recognises what a file is by its first bytes, so that messages can name what was given by mistake. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { isFile } from './on_disk.ts';
import { openable } from './registry.ts';

export interface Kind {
  readonly what: string;
  readonly weights?: true;
  /** How to repair or convert the file itself, whatever it was given for. */
  readonly mend?: string;
  /** What to type instead, where it was given for a spec; without it the hint asks for a spec. */
  readonly instead?: (path: string) => string;
}

export const asCheckpoint = (path: string): string => `weights are named with --checkpoint ${path}`;
const asModel = (path: string): string => `a compiled model is run, or verified: nanoc verify ${path}`;
export const nameSpec = 'name a .nanospec file, or a shipped spec (see `nanoc specs`)';

/** What to type for a file of this kind where a spec is wanted. */
export const insteadOfSpec = ({ mend, instead }: Kind, path: string): string =>
  mend ?? instead?.(path) ?? nameSpec;

const checkpoint: Kind = { what: 'a checkpoint', weights: true, instead: asCheckpoint };
const pickle: Kind = { what: "a file of Python's pickle", weights: true, instead: asCheckpoint };
const model: Kind = { what: 'a compiled model', instead: asModel };
const image: Kind = { what: 'an image' };
const page: Kind = {
  what: 'a page of the web',
  mend: 'it was downloaded from a page about the file; fetch the file itself',
};

/** Kinds by the first bytes of a file. */
const beginnings: readonly (readonly [start: string, kind: Kind])[] = [
  ['\x80\x02', pickle],
  ['\x80\x03', pickle],
  ['\x80\x04', pickle],
  ['GGUF', { what: 'a GGUF model', mend: 'nanoc reads .pt and .safetensors, the files it was made from' }],
  ['\x89PNG', image],
  ['\xff\xd8\xff', image],
  ['GIF8', image],
  ['%PDF', { what: 'a PDF' }],
  ['\x1f\x8b', { what: 'compressed with gzip', mend: 'unpack it first' }],
  ['(\xb5/\xfd', { what: 'compressed with zstd', mend: 'unpack it first' }],
  ['\x7fELF', { what: 'a program' }],
  ['version https://git-lfs', { what: 'a pointer of git-lfs', mend: 'fetch the file itself: git lfs pull' }],
  ['<!', page],
  ['<html', page],
  [
    '{',
    {
      what: 'JSON',
      instead: (path) => `a config is read from beside its checkpoint; ${asCheckpoint(dirname(path))}`,
    },
  ],
];

/** Kinds of text files, which only their extensions tell. */
const extensions: Readonly<Record<string, Kind>> = {
  '.md': { what: 'a text in Markdown' },
  '.py': {
    what: 'a program in Python',
    instead: () => '`nanoc new --from-checkpoint PATH` drafts a spec from the weights',
  },
};

/** `bytes` are those that the file begins with. Undefined for a text that can be a spec. */
export function kindOf(path: string, bytes: Buffer): Kind | undefined {
  const extension = extname(path).toLowerCase();
  const start = bytes.toString('latin1', 0, 64);
  if (start.startsWith('PK\x03\x04')) return holdsModel(path) ? model : checkpoint;
  if (start.slice(5, 9) === '\0\0\0{') return checkpoint; // safetensors: a length, a header
  const found = beginnings.find(([text]) => start.trimStart().startsWith(text));
  if (found) return found[1];
  if (extensions[extension]) return extensions[extension];
  if (!bytes.includes(0)) return undefined;
  if (openable().some((t) => !t.file.sharesExtension && path.endsWith(t.extension))) return model;
  return holdsModel(path) ? model : { what: 'a binary file' };
}

/** A pipe can be read only once, and holds none. */
const holdsModel = (path: string): boolean =>
  isFile(path) && openable().some(({ file }) => file.recognises?.(path));

/** The first bytes of a file, at most `limit` of them. */
export function startOf(path: string, limit: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(size > 0 ? Math.min(size, limit) : limit);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < bytes.length; filled += count)
      count = readSync(fd, bytes, filled, bytes.length - filled, null);
    return bytes.subarray(0, filled);
  } finally {
    closeSync(fd);
  }
}
