/** Reads a model file that nanoc wrote: its structure and where its weights lie, never the weights themselves. */

import { fileName } from '../../compiler/bytes/paths.ts';
import type { LazyTensor } from '../../compiler/checkpoint/checkpoint.ts';
import { openFile, withFile } from '../../compiler/checkpoint/file_node.ts';
import { type OpenFile, readAt } from '../../compiler/checkpoint/open_file.ts';
import { contiguousStrides } from '../../compiler/checkpoint/place_tensor.ts';
import { refuse } from '../../compiler/checkpoint/refuse.ts';
import type { BoundaryTensor, Manifest } from '../../compiler/ports/manifest.ts';
import { Refusal } from '../../spec/diagnostic.ts';
import { manifestFault } from '../manifest_fault.ts';
import { parseManifest } from '../parse_manifest.ts';
import { readSidecar, type SidecarHashes } from '../read_sidecar_node.ts';
import type { Metadata } from '../target_option.ts';
import { otherMark } from './data_mark.ts';
import { hashKey, manifestKey } from './manifest_in.ts';
import { readStructure, type Structure } from './read_structure.ts';
import type { StoredTensor } from './read_tensor_node.ts';
import { fieldId } from './schema.ts';
import { fields } from './wire_reader.ts';

export interface OnnxModel {
  readonly path: string;
  readonly manifest: Manifest;
  /** Where the manifest lies: inside, or beside the model. */
  readonly metadata: Metadata;
  readonly opset: number;
  readonly irVersion: number;
  /** How many nodes there are of each operator. */
  readonly nodes: Readonly<Record<string, number>>;
  readonly initializers: readonly StoredTensor[];
  readonly inputs: readonly Pick<BoundaryTensor, 'name'>[];
  readonly outputs: readonly Pick<BoundaryTensor, 'name'>[];
}

/** Throws a Refusal (N704) for a file that is no ONNX model, is damaged, lacks its data file, or is not nanoc's. */
export function readModel(path: string): OnnxModel {
  const { promised, metadata, producer, ...structure } = structureOf(path);
  const manifest = promised
    ? readSidecar(path, promised).manifest
    : parseManifest(metadata.get(manifestKey), path);
  if (!manifest) {
    refuse('N704', `${fileName(path)} was not written by nanoc`, {
      file: path,
      expected: 'a manifest in the metadata of the model',
      found: `${producer ? `a model of ${producer}` : 'a model without one'}`,
      hint: 'compile a spec to a model with nanoc compile',
    });
  }
  const fault = manifestFault(manifest, structure);
  if (fault) {
    const hint = 'was the file changed after it was written? compile it again';
    refuse('N704', `the manifest of ${fileName(path)} is not that of its graph`, {
      file: path,
      found: fault,
      hint,
    });
  }
  return { path, manifest, metadata: promised ? 'hash' : 'full', ...structure };
}

/** Whether a file is a model, by its outermost fields. */
export function isModel(path: string): boolean {
  try {
    return withFile(path, (file) => {
      const seen = new Set<number>();
      for (const { id } of fields(file, 0, file.size)) seen.add(id);
      return outermost.every((id) => seen.has(id));
    });
  } catch (cause) {
    if (cause instanceof Refusal) return false;
    throw cause;
  }
}

const outermost = (['irVersion', 'graph', 'opsetImport'] as const).map((name) => fieldId('ModelProto', name));

export const readManifest = (path: string): Manifest => readModel(path).manifest;

type Read = Omit<Structure, 'graphHash'> & { readonly promised: SidecarHashes | undefined };

function structureOf(path: string): Read {
  const file = open(path);
  try {
    const { graphHash, ...structure } = readStructure(file);
    refuseOtherData(path, structure);
    const hash = structure.metadata.get(hashKey);
    return { ...structure, promised: hash === undefined ? undefined : { hash, graph: graphHash() } };
  } finally {
    file.close();
  }
}

/** The files beside a model that hold its weights. */
export const dataFiles = ({
  path,
  initializers,
}: Pick<OnnxModel, 'path' | 'initializers'>): readonly string[] => [
  ...new Set(initializers.map(({ file }) => file).filter((file) => file !== path)),
];

/** Refuses data of another model, by the mark that was written with its own. */
function refuseOtherData(path: string, { initializers, metadata }: Omit<Structure, 'graphHash'>): void {
  for (const file of dataFiles({ path, initializers })) {
    const name = fileName(file);
    const other = withFile(file, (open) =>
      otherMark(metadata, name, open.size, (at, length) => readAt(open, at, length)),
    );
    if (!other) continue;
    refuse('N704', `${name} is not the data that ${fileName(path)} was written with`, {
      ...{ file, expected: `data of mark ${other.expected}`, found: other.found },
      hint: `was one of the two replaced? they belong together: copy both, or compile again`,
    });
  }
}

/** Opens a file; refusals get the code for models instead of that for checkpoints. */
function open(path: string): OpenFile {
  try {
    return openFile(path);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal(cause.diagnostics.map((d) => ({ ...d, code: 'N704' })));
  }
}

/** The initialisers as the tensors of a checkpoint; constants of the graph are among them. */
export const weightsIn = ({
  initializers,
}: Pick<OnnxModel, 'initializers'>): ReadonlyMap<string, LazyTensor> =>
  new Map(
    initializers.map(({ name, dtype, shape, file, stamp, offset, bytes }) => {
      const storage = { file, stamp, offset, bytes, label: name, open: () => openFile(file) };
      return [name, { name, dtype, shape, strides: contiguousStrides(shape), start: 0, storage }];
    }),
  );
