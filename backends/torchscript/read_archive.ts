/** Reads a TorchScript archive that nanoc wrote, without torch: its manifest, its code, and where its tensors lie. */

import { fileName } from '../../compiler/bytes/paths.ts';
import type { LazyTensor } from '../../compiler/checkpoint/checkpoint.ts';
import { withFile } from '../../compiler/checkpoint/file_node.ts';
import type { OpenFile } from '../../compiler/checkpoint/open_file.ts';
import { isDict, isMade } from '../../compiler/checkpoint/pickle_opcodes.ts';
import { type Behaviour, PickleProblem } from '../../compiler/checkpoint/pickled.ts';
import { placeTensor } from '../../compiler/checkpoint/place_tensor.ts';
import { refuse } from '../../compiler/checkpoint/refuse.ts';
import {
  type TensorRef,
  type TorchDict,
  type TorchValue,
  torchPolicy,
} from '../../compiler/checkpoint/torch_globals.ts';
import { locateStorage, pickleLimit } from '../../compiler/checkpoint/torch_zip.ts';
import { unpickle } from '../../compiler/checkpoint/unpickle.ts';
import { readEntry, readZip, type Zip } from '../../compiler/checkpoint/zip_node.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import { Refusal } from '../../spec/diagnostic.ts';
import { parseManifest } from '../parse_manifest.ts';
import { readSidecar } from '../read_sidecar_node.ts';
import type { EmitOptions, Metadata } from '../target_option.ts';
import { codeHash, type ManifestHash, manifestFile } from './archive.ts';
import { codeFile } from './code_fault.ts';

export interface TorchscriptModel {
  readonly path: string;
  readonly manifest: Manifest;
  /** The manifest as it was written, perhaps by an older nanoc. */
  readonly stored: unknown;
  /** Where the manifest lies: inside, or beside the archive. */
  readonly metadata: Metadata;
  /** Code files by their names below `code/`: `__torch__/nanoc.py`. */
  readonly code: ReadonlyMap<string, string>;
  /** By the names of `state_dict()`; tied parameters are there twice. */
  readonly tensors: ReadonlyMap<string, LazyTensor>;
}

const textLimit = 64 * 2 ** 20;

/** Throws a Refusal (N704) for a file that is no archive, is damaged, or is not nanoc's. */
export function readArchive(path: string): TorchscriptModel {
  try {
    return withFile(path, read);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal(cause.diagnostics.map((d) => ({ ...d, code: 'N704' })));
  }
}

/** Whether a `.pt` is an archive with code, not a checkpoint; what cannot be opened is neither. */
export function isArchive(path: string): boolean {
  try {
    return withFile(path, (file) => {
      const zip = readZip(file);
      return zip.entries.has(`${rootOf(zip)}constants.pkl`);
    });
  } catch (cause) {
    if (cause instanceof Refusal) return false;
    throw cause;
  }
}

/** The options that an archive was written with, as far as its code shows them. */
export function emittedAs({ code, metadata }: Pick<TorchscriptModel, 'code' | 'metadata'>): EmitOptions {
  const fused = [...code.values()].some((text) => text.includes('scaled_dot_product_attention'));
  return { fileName: 'model.pt', metadata, minLibtorch: fused ? '2.0' : '1.13' };
}

const rootOf = ({ first }: Zip): string => first.slice(0, first.indexOf('/') + 1);

function read(file: OpenFile): TorchscriptModel {
  const { path } = file;
  const zip = readZip(file);
  const root = rootOf(zip);
  const textOf = (name: string): string | undefined => {
    const entry = zip.entries.get(`${root}${name}`);
    return entry && Buffer.from(readEntry(file, entry, textLimit)).toString('utf8');
  };
  if (!zip.entries.has(`${root}constants.pkl`)) {
    refuse('N704', `${fileName(path)} is not a TorchScript archive`, {
      file: path,
      hint: 'a checkpoint is compiled first: nanoc compile --checkpoint PATH --target torchscript',
    });
  }
  const codes = [...zip.entries.keys()].filter((n) => n.startsWith(`${root}code/`) && n.endsWith('.py'));
  const code = new Map(
    codes.map((name) => {
      const own = name.slice(root.length);
      return [own.slice('code/'.length), textOf(own) ?? ''] as const;
    }),
  );
  const said = textOf(`extra/${manifestFile}`);
  const hash = hashIn(said);
  const graph = codeHash(code.get(codeFile) ?? '');
  const beside = hash === undefined ? undefined : readSidecar(path, { hash, graph });
  const manifest = beside?.manifest ?? parseManifest(said, path);
  if (!manifest) {
    refuse('N704', `${fileName(path)} was not written by nanoc`, {
      file: path,
      expected: `a manifest under extra/${manifestFile}`,
      hint: 'compile a spec with nanoc compile --target torchscript; torch.jit.save drops what is under extra/',
    });
  }
  const metadata = hash === undefined ? 'full' : 'hash';
  const stored: unknown = beside ? beside.stored : JSON.parse(said!); // which gave a manifest
  return { path, manifest, stored, metadata, code, tensors: tensorsOf(file, zip, root) };
}

/** The hash of the manifest, for an archive that has its manifest beside it. */
function hashIn(text: string | undefined): string | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<ManifestHash> | null; // looked at below
    return typeof value?.manifest_sha256 === 'string' ? value.manifest_sha256 : undefined;
  } catch {
    return undefined;
  }
}

function tensorsOf(file: OpenFile, zip: Zip, root: string): ReadonlyMap<string, LazyTensor> {
  const entry = zip.entries.get(`${root}data.pkl`);
  if (!entry) refuse('N704', `${fileName(file.path)} has no data.pkl`, { file: file.path });
  const bytes = readEntry(file, entry, pickleLimit);
  const policy = torchPolicy(file.path);
  const globals = new Map([...policy.globals, ...classesIn(bytes).map((name) => [name, instance] as const)]);
  const model = unpickle(bytes, { ...policy, globals }, { file: file.path, label: 'data.pkl' });
  const tensors = new Map<string, LazyTensor>();
  for (const [name, ref] of isDict(model) ? refsOf(model, '') : []) {
    const storage = locateStorage({ file, zip, root, bigEndian: false }, name, ref.storage);
    const { start, shape, strides } = ref;
    tensors.set(name, placeTensor({ name, dtype: ref.storage.dtype, start, shape, strides, storage }));
  }
  return tensors;
}

/** Classes of the archive's own code, which are named nowhere but in the pickle: `__torch__.nanoc Mlp`. */
function classesIn(bytes: Uint8Array): readonly string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return [...text.matchAll(/c(__torch__[\w.]*)\n(\w+)\n/g)].map(([, module, name]) => `${module} ${name}`);
}

/** An object of such a class is read as its attributes; the code of the class is ignored. */
const instance: Behaviour<TorchValue> = {
  create: (_args, maker) => ({ kind: 'dict', entries: new Map(), maker }),
  build(target, state) {
    if (!isDict(target) || !isDict(state)) throw new PickleProblem('a module with no attributes');
    for (const [key, value] of state.entries) target.entries.set(key, value);
  },
};

function refsOf(module: TorchDict, path: string): readonly (readonly [string, TensorRef])[] {
  return [...module.entries].flatMap(([key, value]) => {
    const name = `${path}${String(key)}`;
    if (isDict(value)) return refsOf(value, `${name}.`);
    return isMade(value) && value.value.what === 'tensor' ? [[name, value.value] as const] : [];
  });
}
