/** Reads the text of a spec; of a file that is none it says what it is, and what to type instead. */

import { closeSync, existsSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { isArchive } from '../backends/torchscript/read_archive.ts';
import { openCheckpoint } from '../compiler/weights/open_checkpoint.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { limits } from '../spec/limits.ts';

/** Refuses (N507) what is not there, cannot be read, or is no text of a spec's length. */
export function readSpec(path: string): string {
  const seen = lookAt(path);
  if (!seen) throw notSpec(`spec ${path}`, 'does not exist', undefined, path);
  if (seen.isDirectory()) throw notSpec(`spec ${path}`, 'is a folder', folderHint(path), path);
  // `nanoc check <(generate)` hands over a pipe, which has a writer; any other may wait for one for ever.
  if (!seen.isFile() && !/^\/(?:dev|proc\/self)\/fd\/|^\/dev\/stdin$/.test(path))
    throw notSpec(path, `is ${seen.isFIFO() ? 'a pipe' : 'no regular file'}`, 'name a .nanospec file');
  const bytes = readStart(path);
  const kind = kindOf(path, bytes);
  if (kind) throw notSpec(path, `is ${kind.what}, not a spec`, kind.instead(path));
  if (bytes.length > longest) {
    const hint = 'a spec says how a model is built; its weights are named with --checkpoint';
    throw notSpec(path, `has more than ${longest} bytes`, hint);
  }
  return bytes.toString('utf8');
}

/** Whether a name that was given for a spec can only be meant as a checkpoint: weights, or a folder with some. */
export function isWeights(path: string): boolean {
  const seen = lookAt(path);
  if (seen?.isDirectory()) return holdsCheckpoint(path);
  return seen?.isFile() === true && kindOf(path, readStart(path, 4096))?.weights === true;
}

const notSpec = (what: string, problem: string, hint?: string, file = what): Refusal =>
  new Refusal([error('N507', `${what} ${problem}`, { file, ...(hint === undefined ? {} : { hint }) })]);

/** Characters may have three bytes each. */
const longest = 3 * limits.specLength;

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): Refusal {
  const why = cause instanceof Error ? cause.message.replace(/, \w+( '.*)?$/, '') : String(cause);
  return notSpec(`spec ${path}`, `cannot be read: ${why}`, undefined, path);
}

/** One byte more than a spec may have tells that there is more. */
function readStart(path: string, most = longest + 1): Buffer {
  try {
    const fd = openSync(path, 'r');
    try {
      const { size } = fstatSync(fd);
      const bytes = Buffer.alloc(size > 0 ? Math.min(size, most) : most);
      let filled = 0;
      for (let count = -1; count !== 0 && filled < bytes.length; filled += count)
        count = readSync(fd, bytes, filled, bytes.length - filled, null);
      return bytes.subarray(0, filled);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

interface Kind {
  readonly what: string;
  readonly weights?: true;
  readonly instead: (path: string) => string;
}

const asCheckpoint = (path: string): string => `weights are named with --checkpoint ${path}`;
const asModel = (path: string): string => `a compiled model is run, or verified: nanoc verify ${path}`;
const nameSpec = (): string => 'name a .nanospec file, or a shipped spec (see `nanoc specs`)';

const checkpoint: Kind = { what: 'a checkpoint', weights: true, instead: asCheckpoint };
const pickle: Kind = { what: "a file of Python's pickle", weights: true, instead: asCheckpoint };

/** By what a file begins with. */
const beginnings: readonly (readonly [start: string, kind: Kind])[] = [
  ['\x80\x02', pickle],
  ['\x80\x03', pickle],
  ['\x80\x04', pickle],
  [
    'GGUF',
    { what: 'a GGUF model', instead: () => 'nanoc reads .pt and .safetensors, the files it was made from' },
  ],
  ['\x89PNG', { what: 'an image', instead: nameSpec }],
  ['\xff\xd8\xff', { what: 'an image', instead: nameSpec }],
  ['GIF8', { what: 'an image', instead: nameSpec }],
  ['%PDF', { what: 'a PDF', instead: nameSpec }],
  ['\x1f\x8b', { what: 'compressed with gzip', instead: () => 'unpack it first' }],
  ['(\xb5/\xfd', { what: 'compressed with zstd', instead: () => 'unpack it first' }],
  ['\x7fELF', { what: 'a program', instead: nameSpec }],
  [
    'version https://git-lfs',
    { what: 'a pointer of git-lfs', instead: () => 'fetch the file itself: git lfs pull' },
  ],
  [
    '<!',
    {
      what: 'a page of the web',
      instead: () => 'it was downloaded from a page about the file; fetch the file itself',
    },
  ],
  [
    '<html',
    {
      what: 'a page of the web',
      instead: () => 'it was downloaded from a page about the file; fetch the file itself',
    },
  ],
  [
    '{',
    {
      what: 'JSON',
      instead: (path) => `a config is read from beside its checkpoint; ${asCheckpoint(dirname(path))}`,
    },
  ],
];

/** Of texts that do not give themselves away. */
const extensions: Readonly<Record<string, Kind>> = {
  '.md': { what: 'a text in Markdown', instead: nameSpec },
  '.py': {
    what: 'a program in Python',
    instead: () => '`nanoc new --from-checkpoint PATH` drafts a spec from the weights',
  },
};

/** Undefined for what can be a spec. */
function kindOf(path: string, bytes: Buffer): Kind | undefined {
  const extension = extname(path).toLowerCase();
  const start = bytes.toString('latin1', 0, 64);
  if (start.startsWith('PK\x03\x04'))
    return isArchive(path) ? { what: 'a compiled model', instead: asModel } : checkpoint;
  if (start.slice(5, 9) === '\0\0\0{') return checkpoint; // safetensors: a length, a header
  if (extension === '.onnx') return { what: 'a compiled model', instead: asModel };
  const found = beginnings.find(([text]) => start.trimStart().startsWith(text));
  if (found) return found[1];
  if (extensions[extension]) return extensions[extension];
  return bytes.includes(0) ? { what: 'a binary file', instead: nameSpec } : undefined;
}

function holdsCheckpoint(folder: string): boolean {
  try {
    return openCheckpoint(folder).tensors.size > 0;
  } catch (cause) {
    if (cause instanceof Refusal) return false;
    throw cause;
  }
}

const folderHint = (folder: string): string =>
  existsSync(`${folder}/config.json`) || holdsCheckpoint(folder) ? asCheckpoint(folder) : nameSpec();
