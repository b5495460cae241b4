/**
 * Holds an archive against what its spec compiles to, before LibTorch sees it: archives are programs, and this one may come
 * from anywhere. What is loaded afterwards is what was compiled here; of the file, LibTorch is given bytes of tensors only.
 */

import { crc32 } from '../../compiler/bytes/crc32.ts';
import { fileName } from '../../compiler/bytes/paths.ts';
import { withFile } from '../../compiler/checkpoint/file_node.ts';
import { type OpenFile, readAt } from '../../compiler/checkpoint/open_file.ts';
import { readEntry, readZip, type Zip, type ZipEntry } from '../../compiler/checkpoint/zip_node.ts';
import { type Compiled, compile } from '../../compiler/compile.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import { type Diagnostic, error, hasErrors, Refusal } from '../../spec/diagnostic.ts';
import { isOlder, isOther, makerOf, thisNanoc } from '../another_version.ts';
import { emitInput } from '../emit_input.ts';
import { requestAgain } from '../request_again.ts';
import { archiveRecords, type HeldRecord, hollowArchive, type Records } from './archive.ts';
import type { Code } from './classes.ts';
import { codeFault, codeFaultText, codeFile } from './code_fault.ts';
import { planArchive, torchscript } from './index.ts';
import { emittedAs, type TorchscriptModel } from './read_archive.ts';
import { zipFrame } from './zip_writer.ts';

/** An archive that was found to be what its spec compiles to, for LibTorch. */
export interface CheckedArchive {
  readonly model: string;
  readonly manifest: Manifest;
  readonly rewritten: {
    /** The archive as its spec compiles to it, without the numbers of its tensors. */
    readonly archive: Uint8Array;
    /** Where the bytes of tensors begin in the file, by their paths in the tree of modules. */
    readonly offsets: ReadonlyMap<string, number>;
  };
}

export interface CheckOptions {
  /** Passes of plugins that the archive was compiled with. */
  readonly plugins?: readonly Pass[];
  /** The command line that compiles the archive again, for messages. */
  readonly again?: string;
}

/** The archive, and what refusals say besides. */
type Suspect = TorchscriptModel & Pick<CheckOptions, 'again'>;

/** Throws a Refusal (N709) that names the first entry that is not as nanoc writes it. */
export function checkArchive(
  read: TorchscriptModel,
  { plugins = [], again }: CheckOptions = {},
): CheckedArchive {
  const { path } = read;
  const model: Suspect = again === undefined ? read : { ...read, again };
  const compiled = compiledAgain(model, plugins);
  const manifest = asWritten(compiled.manifest, model.manifest);
  const options = emittedAs(model);
  const { tree, code } = planArchive({ ...emitInput(compiled, options), manifest });
  const { metadata } = options;
  const records = archiveRecords(tree, code, manifest, compiled.weights, {
    metadata,
    ...storedAs(model, manifest),
  });
  const starts = withFile(path, (file) => tensorStarts(file, { model, code, records }));
  const archive = hollowArchive(tree, code, manifest, compiled.weights);
  const offsets = new Map(records.tensors.map((t) => [t.path, starts.get(t.name)!])); // all were placed
  return { model: path, manifest, rewritten: { archive, offsets } };
}

/** Compiles the spec in the manifest. Any error, even a `Bug`, is blamed on the manifest, which may say anything. */
function compiledAgain(model: Suspect, plugins: readonly Pass[]): Compiled {
  const { manifest } = model;
  try {
    const request = requestAgain({ manifest, backend: torchscript, emit: emittedAs(model), plugins });
    const { value, diagnostics } = compile(request);
    if (value && !hasErrors(diagnostics)) return value;
    throw new Refusal(diagnostics.filter((d) => d.severity === 'error'));
  } catch (cause) {
    const found = cause instanceof Refusal ? cause.diagnostics[0]?.message : String(cause);
    throw archiveRefusal(
      model,
      'the spec of the archive does not compile',
      found === undefined ? {} : { found },
    );
  }
}

/**
 * The manifest that the archive has to hold: byte for byte what is written now, or, of an older version, what becomes that by
 * the table of versions. Nothing of it reaches LibTorch: the rest of the archive has to be what is written now, whoever made it.
 */
const storedAs = ({ manifest, stored }: TorchscriptModel, again: Manifest): { readonly stored?: unknown } =>
  isOlder(manifest) && JSON.stringify(manifest) === JSON.stringify(again) ? { stored } : {};

/** Takes over what compiling again cannot know: the version of nanoc, the weights, and where values of the config came from. */
const asWritten = (again: Manifest, written: Manifest): Manifest => ({
  ...again,
  version: written.version,
  producer: written.producer,
  config: again.config.map(({ name, value, from: other }) => {
    const { from = other, key } = written.config.find((entry) => entry.name === name) ?? {};
    return { name, value, from, ...(key === undefined ? {} : { key }) };
  }),
  weights: written.weights,
});

interface Expected {
  readonly model: Suspect;
  readonly code: Code;
  readonly records: Records;
}

/** Compares every byte of the file but those of tensors, and returns where the record of each tensor begins. */
function tensorStarts(file: OpenFile, expected: Expected): ReadonlyMap<string, number> {
  const { model, records } = expected;
  const { head, tensors } = records;
  const zip = readZip(file);
  const names = new Set([...head, ...tensors].map((record) => record.name));
  const strange = [...zip.entries.keys()].find((name) => !names.has(name));
  // The code first: it says most about what was changed.
  for (const record of [...head].sort((a, b) => Number(isCode(b)) - Number(isCode(a))))
    compareEntry(file, expected, zip, record);
  if (strange !== undefined)
    throw archiveRefusal(model, `its spec compiles to no entry ${JSON.stringify(strange)}`);
  const missing = tensors.find(({ name, size }) => zip.entries.get(name)?.size !== size);
  if (missing) {
    throw archiveRefusal(model, differsText(missing.name), {
      expected: `${missing.size} bytes, of ${missing.path}`,
      found: sizeOf(zip.entries.get(missing.name)),
    });
  }
  const sums = [
    ...head.map(({ name, bytes }) => ({ name, size: bytes.length, crc: crc32(bytes) })),
    ...tensors.map(({ name, size }) => ({ name, size, crc: zip.entries.get(name)?.crc ?? 0 })),
  ];
  const { size, pieces, starts } = zipFrame(sums);
  const same =
    file.size === size && pieces.every(({ at, bytes }) => readAt(file, at, bytes.length).equals(bytes));
  if (same) return starts;
  throw archiveRefusal(model, 'the zip around its entries is not as nanoc writes it');
}

/** An entry is read when it exceeds the expected size by at most this many bytes, so that the difference can be shown. */
const mostExtraBytes = 1 << 20;

function compareEntry(file: OpenFile, { model, code }: Expected, zip: Zip, record: HeldRecord): void {
  const entry = zip.entries.get(record.name);
  const { bytes } = record;
  const there =
    entry && entry.size <= bytes.length + mostExtraBytes ? readEntry(file, entry, entry.size) : undefined;
  if (there && Buffer.compare(there, bytes) === 0) return;
  const theirs = there && Buffer.from(there).toString('utf8');
  const fault = isCode(record) && theirs !== undefined ? codeFault(code, theirs) : undefined;
  if (fault) {
    const { message, extra } = codeFaultText(fault, model.manifest);
    throw archiveRefusal(model, message, extra);
  }
  const sizes = { expected: `${bytes.length} bytes`, found: sizeOf(entry) };
  const at = there ? bytes.findIndex((byte, i) => there[i] !== byte) : -1;
  throw archiveRefusal(model, differsText(record.name), at < 0 ? sizes : { found: `another byte at ${at}` });
}

const isCode = ({ name }: HeldRecord): boolean => withoutRoot(name) === `code/${codeFile}`;

/** `code/__torch__/nanoc.py`, below the folder of the archive. */
const withoutRoot = (name: string): string => name.slice(name.indexOf('/') + 1);
const differsText = (name: string): string =>
  `${withoutRoot(name)} of the archive is not what its spec compiles to`;
const sizeOf = (entry: ZipEntry | undefined): string => (entry ? `${entry.size} bytes` : 'no such entry');

/** An archive of another version of nanoc may differ though nobody has changed it. */
function archiveRefusal({ path, manifest, again }: Suspect, message: string, extra: Extra = {}): Refusal {
  const hint = '--trust-code gives LibTorch the file as it is, and runs its code';
  if (!isOther(manifest)) return new Refusal([error('N709', message, { file: path, ...extra, hint })]);
  return new Refusal([
    error(
      'N709',
      `${fileName(path)} was made by ${makerOf(manifest)}, and ${thisNanoc(manifest)} compiles its spec to something else`,
      {
        file: path,
        found: message,
        hint: `${again ? `compile it again: ${again}` : 'compile it again'}; ${hint}`,
      },
    ),
  ]);
}

type Extra = Omit<Diagnostic, 'code' | 'severity' | 'message'>;
