/** Looks at the first bytes of a file, not at its name, and reads it as what it is. */

import { fileName } from '../bytes/paths.ts';
import { withFile } from './file_node.ts';
import { type OpenFile, readAt } from './open_file.ts';
import { refuse } from './refuse.ts';
import { readSafetensors } from './safetensors.ts';
import { readTorchLegacy } from './torch_legacy.ts';
import { type FileTensors, readTorchZip } from './torch_zip.ts';

export function readTensorFile(path: string): FileTensors {
  return withFile(path, (file) => {
    if (file.size === 0) {
      refuse('N602', `${fileName(path)} is empty (0 bytes), not a checkpoint`, {
        file: path,
        hint: 'download or copy it again',
      });
    }
    const head = readAt(file, 0, Math.min(file.size, 512));
    if (isSafetensors(head, file)) return readSafetensors(file);
    const foreign = foreigners.find(({ is }) => is(head));
    if (foreign) {
      refuse('N602', `${fileName(path)} is ${foreign.what}, not a checkpoint`, {
        file: path,
        hint: foreign.hint,
      });
    }
    const reader = readers.find(({ is }) => is(head, file));
    if (reader) return reader.read(file);
    refuse('N602', `${fileName(path)} is not a checkpoint that nanoc knows`, {
      file: path,
      expected: 'a torch zip, a legacy torch file or a safetensors file',
      found: `bytes ${head.subarray(0, 8).toString('hex')}`,
    });
  });
}

interface Reader {
  readonly is: (head: Buffer, file: OpenFile) => boolean;
  readonly read: (file: OpenFile) => FileTensors;
}

const startsWith =
  (...bytes: readonly number[]) =>
  (head: Buffer): boolean =>
    bytes.every((b, i) => head[i] === b);

const readers: readonly Reader[] = [
  { is: startsWith(0x50, 0x4b), read: readTorchZip },
  // Any pickle of protocol 2 and later; the reader says when it is not torch's.
  { is: startsWith(0x80), read: readTorchLegacy },
  {
    is: (head, file) => head[8] === 0x7b || /\.safetensors$/.test(file.path) || isLength(head, file),
    read: readSafetensors,
  },
];

/** Asked first, because the length that a file begins with may look like the start of another format; those have no `{` there. */
const isSafetensors = (head: Buffer, file: OpenFile): boolean => head[8] === 0x7b && isLength(head, file);

/** A safetensors file whose header is no JSON still begins with a length that could be one. */
const isLength = (head: Buffer, { size }: OpenFile): boolean =>
  head.length >= 8 && head.readBigUInt64LE() > 1n && head.readBigUInt64LE() < BigInt(size);

interface Foreigner {
  readonly is: (head: Buffer) => boolean;
  readonly what: string;
  readonly hint: string;
}

const text = (head: Buffer): string =>
  head
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart();

const foreigners: readonly Foreigner[] = [
  {
    is: (head) => text(head).startsWith('version https://git-lfs'),
    what: 'a git-lfs pointer',
    hint: 'fetch the file itself: git lfs pull',
  },
  {
    is: (head) => /^<(!doctype|html|\?xml|head|body)/i.test(text(head)),
    what: 'a web page (HTML)',
    hint: 'the download failed; use the link to the file itself',
  },
  {
    is: (head) => text(head).startsWith('GGUF'),
    what: 'a GGUF file',
    hint: 'start from the checkpoint that it was made from',
  },
  { is: startsWith(0x1f, 0x8b), what: 'gzip-compressed', hint: 'unpack it first' },
  { is: startsWith(0xfd, 0x37, 0x7a), what: 'xz-compressed', hint: 'unpack it first' },
  { is: startsWith(0x28, 0xb5, 0x2f, 0xfd), what: 'zstd-compressed', hint: 'unpack it first' },
  { is: startsWith(0x89, 0x48, 0x44, 0x46), what: 'an HDF5 file', hint: 'export it as safetensors' },
  {
    is: (head) => head.subarray(257, 262).toString('latin1') === 'ustar',
    what: 'a tar archive',
    hint: 'unpack it; tar files of torch 0.1 have to be saved again by a newer torch',
  },
  {
    is: (head) => /^\s*\{/.test(text(head)) && !isBinary(head),
    what: 'JSON',
    hint: 'name the file that holds the tensors, or the folder',
  },
];

const isBinary = (head: Buffer): boolean => head.includes(0);
