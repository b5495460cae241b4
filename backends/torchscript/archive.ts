/** The records of a TorchScript archive: what describes the model first, then the bytes of its tensors. */

import { concatenated, utf8 } from '../../compiler/bytes/little_endian.ts';
import { sha256 } from '../../compiler/bytes/sha256.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { WeightSource } from '../../compiler/weights/source.ts';
import { Bug } from '../../spec/diagnostic.ts';
import type { ArtifactFile } from '../backend.ts';
import { manifestHash } from '../manifest_hash.ts';
import type { EmitOptions, OptionValue } from '../target_option.ts';
import type { Code } from './classes.ts';
import { packageName } from './code_context.ts';
import type { Module } from './module_tree.ts';
import {
  type Pickled,
  type PickledObject,
  type PickledTensor,
  pickle,
  recordBytes,
} from './pickle_writer.ts';
import { type ZipRecord, zipFile } from './zip_writer.ts';

/** The folder in the zip that all records lie in. */
const folder = 'archive';
/** LibTorch gives `/` and some other operators an older meaning in files of an older version, and refuses a newer one. */
const fileVersion = '10\n';
const noConstants = Uint8Array.from([0x80, 2, 0x29, 0x2e]);
/** Under `extra/`: the manifest as JSON, which loaders hand out as an extra file of this name. */
export const manifestFile = 'nanoc.json';

/** What an archive consists of, in this order. */
export interface Records {
  /** All records but those of tensors. */
  readonly head: readonly HeldRecord[];
  readonly tensors: readonly TensorRecord[];
}

export interface HeldRecord {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface TensorRecord {
  readonly name: string;
  readonly size: number;
  readonly weight: string;
  /** Path of the first slot that holds the weight. */
  readonly path: string;
}

interface Form {
  readonly metadata?: OptionValue | undefined;
  /** The manifest as the file to compare with has it, where an older nanoc wrote that. */
  readonly stored?: unknown;
  /** Leaves out the numbers: all elements of a tensor share one. */
  readonly hollow?: boolean;
}

/** What an archive holds when its manifest lies beside it. */
export interface ManifestHash {
  readonly producer: string;
  readonly manifest_sha256: string;
}

const hashOf = ({ producer }: Manifest, stored: unknown): ManifestHash => ({
  producer,
  manifest_sha256: manifestHash(stored),
});

export function archiveRecords(
  root: Module,
  code: Code,
  manifest: Manifest,
  weights: Pick<WeightSource, 'info'>,
  { hollow = false, metadata, stored = manifest }: Form = {},
): Records {
  const tensors = new Map<string, { readonly tensor: PickledTensor; readonly path: string }>();
  const tensorOf = (weight: string, path: string): PickledTensor => {
    const known = tensors.get(weight);
    if (known) return known.tensor;
    const { dtype, shape, bytes } = weights.info(weight);
    const key = String(tensors.size);
    const tensor = { what: 'tensor', dtype, shape, bytes, key, ...(hollow ? { hollow } : {}) } as const;
    tensors.set(weight, { tensor, path });
    return tensor;
  };
  const tree = pickle(pickled(root, code, tensorOf));
  const held = (name: string, content: string | Uint8Array): HeldRecord => ({
    name: `${folder}/${name}`,
    bytes: typeof content === 'string' ? utf8(content) : content,
  });
  return {
    head: [
      held('version', fileVersion),
      held('byteorder', 'little'),
      held('data.pkl', tree),
      held(`code/${packageName.replaceAll('.', '/')}.py`, code.text),
      held('constants.pkl', noConstants),
      ...(metadata === 'hash'
        ? [held(`extra/${manifestFile}`, JSON.stringify(hashOf(manifest, stored)))]
        : [
            held(`extra/${manifestFile}`, JSON.stringify(stored)),
            held(`extra/${manifest.spec.name}`, manifest.spec.text),
          ]),
    ],
    tensors: [...tensors].map(([weight, { tensor, path }]) => ({
      ...{ name: `${folder}/data/${tensor.key}`, size: recordBytes(tensor), weight, path },
    })),
  };
}

const zipRecords = (
  { head, tensors }: Records,
  chunks: (tensor: TensorRecord) => Iterable<Uint8Array>,
): readonly ZipRecord[] => [
  ...head.map(({ name, bytes }) => ({ name, size: bytes.length, chunks: () => [bytes] })),
  ...tensors.map((t) => ({ name: t.name, size: t.size, chunks: () => chunks(t) })),
];

export function archiveFile(
  { fileName, metadata }: EmitOptions,
  root: Module,
  code: Code,
  manifest: Manifest,
  weights: WeightSource,
): ArtifactFile {
  const records = archiveRecords(root, code, manifest, weights, { metadata });
  const zip = zipFile(zipRecords(records, ({ weight }) => weights.chunks(weight)));
  return { name: fileName, size: zip.size, chunks: () => zip.chunks() };
}

/** What an archive computes, as a hash. */
export const codeHash = (code: string): string => sha256().update(code).hex();

/** The archive without the numbers of its tensors, small enough to be held in memory. */
export function hollowArchive(
  root: Module,
  code: Code,
  manifest: Manifest,
  weights: Pick<WeightSource, 'info'>,
): Uint8Array {
  const records = archiveRecords(root, code, manifest, weights, { hollow: true });
  const zip = zipFile(zipRecords(records, ({ size }) => [new Uint8Array(size)]));
  return concatenated([...zip.chunks()]);
}

/** Slots of tied weights share one tensor, which is written once. */
function pickled(
  module: Module,
  code: Code,
  tensorOf: (weight: string, path: string) => PickledTensor,
): PickledObject {
  const attributes = new Map<string, Pickled>();
  const prefix = module.path === '' ? '' : `${module.path}.`;
  for (const { name, weight } of module.slots) attributes.set(name, tensorOf(weight, `${prefix}${name}`));
  attributes.set('training', false);
  attributes.set('_is_full_backward_hook', null);
  for (const [name, child] of module.children) attributes.set(name, pickled(child, code, tensorOf));
  const name = code.classOf.get(module);
  if (name === undefined) throw new Bug(`${module.path || 'the model'} has no class`);
  return { what: 'object', module: packageName, name, attributes };
}
