/** The records of a TorchScript archive: what describes the model first, then the bytes of its tensors. */

import type { Manifest } from '../../compiler/manifest.ts';
import type { WeightSource } from '../../compiler/weights/source.ts';
import { Bug } from '../../spec/diagnostic.ts';
import type { ArtifactFile } from '../backend.ts';
import type { Code } from './classes.ts';
import { packageName } from './code_context.ts';
import type { Module } from './module_tree.ts';
import { type Pickled, type PickledObject, type PickledTensor, pickle } from './pickle_writer.ts';
import { type ZipRecord, zipFile } from './zip_writer.ts';

/** Under which all records of an archive lie. */
const folder = 'archive';
/** An older number would give `/` and some others the meaning that they had once; LibTorch refuses a newer one. */
const fileVersion = '10\n';
const noConstants = Uint8Array.from([0x80, 2, 0x29, 0x2e]);
/** Under `extra/`: the manifest as JSON, which loaders hand out as an extra file of this name. */
export const manifestFile = 'nanoc.json';

export function archiveFile(
  fileName: string,
  root: Module,
  code: Code,
  manifest: Manifest,
  weights: WeightSource,
): ArtifactFile {
  const tensors = new Map<string, PickledTensor>();
  const tree = pickled(root, code, weights, tensors);
  const held = (name: string, content: string | Uint8Array): ZipRecord => {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
    return { name: `${folder}/${name}`, size: bytes.length, chunks: () => [bytes] };
  };
  const zip = zipFile([
    held('version', fileVersion),
    held('byteorder', 'little'),
    held('data.pkl', pickle(tree)),
    held(`code/${packageName.replaceAll('.', '/')}.py`, code.text),
    held('constants.pkl', noConstants),
    held(`extra/${manifestFile}`, JSON.stringify(manifest)),
    held(`extra/${manifest.spec.name}`, manifest.spec.text),
    ...[...tensors].map(([weight, { key, bytes }]) => ({
      name: `${folder}/data/${key}`,
      size: bytes,
      chunks: () => weights.chunks(weight),
    })),
  ]);
  return { name: fileName, size: zip.size, chunks: () => zip.chunks() };
}

/** Slots of one weight share one tensor, which is written once. */
function pickled(
  module: Module,
  code: Code,
  weights: WeightSource,
  tensors: Map<string, PickledTensor>,
): PickledObject {
  const attributes = new Map<string, Pickled>();
  for (const { name, weight } of module.slots) {
    let tensor = tensors.get(weight);
    if (!tensor) {
      tensor = { what: 'tensor', ...weights.info(weight), key: String(tensors.size) };
      tensors.set(weight, tensor);
    }
    attributes.set(name, tensor);
  }
  attributes.set('training', false);
  attributes.set('_is_full_backward_hook', null);
  for (const [name, child] of module.children) attributes.set(name, pickled(child, code, weights, tensors));
  const name = code.classOf.get(module);
  if (name === undefined) throw new Bug(`${module.path || 'the model'} has no class`);
  return { what: 'object', module: packageName, name, attributes };
}
