/**
 * A model repository of Triton Inference Server: NAME/config.pbtxt and NAME/1/model.onnx or model.pt. Every port is a plain input
 * and a plain output, so whoever calls carries the cache; the names and sizes are those of the model.
 */

import { fileName } from '../../compiler/bytes/paths.ts';
import type { BoundaryTensor } from '../../compiler/ports/manifest.ts';
import type { ArtifactFile } from '../backend.ts';
import { cannotCarry } from './carries.ts';
import { type Layout, type LayoutInput, textFile } from './layout.ts';

const types = {
  float32: 'TYPE_FP32',
  float16: 'TYPE_FP16',
  bfloat16: 'TYPE_BF16',
  int64: 'TYPE_INT64',
  bool: 'TYPE_BOOL',
} as const;

const backendOf: Readonly<Record<string, string>> = { onnx: 'onnxruntime', torchscript: 'pytorch' };

export const triton: Layout = {
  name: 'triton',
  doc: 'model repository of Triton Inference Server',
  targets: ['onnx', 'torchscript'],
  caches: ['none', 'dynamic', 'static'],
  statesAsLayers: false,
  padsUncached: false,
  wantsTokenizer: false,
  suffixes: {},
  files(input) {
    const { name, target, files, manifest } = input;
    if (target === 'torchscript' && manifest.ports.length > 0) {
      const found = 'a cache, which is one list of tensors to a TorchScript archive';
      throw cannotCarry("Triton's PyTorch backend", found, '--target onnx, or --cache none');
    }
    const inVersion = (file: ArtifactFile): ArtifactFile => ({
      ...file,
      name: `${name}/1/${fileName(file.name)}`,
    });
    return [textFile(`${name}/config.pbtxt`, configText(input)), ...files.map(inVersion)];
  },
};

function configText({ manifest: { inputs, outputs, producer }, name, target }: LayoutInput): string {
  const named = (tensors: readonly BoundaryTensor[], word: string): readonly BoundaryTensor[] =>
    target === 'torchscript' ? tensors.map((t, i) => ({ ...t, name: `${word}__${i}` })) : tensors;
  return [
    `# Written by ${producer}. Sizes of -1 are the batch and the lengths of the text.`,
    `name: ${quoted(name)}`,
    `backend: ${quoted(backendOf[target]!)}`,
    'max_batch_size: 0',
    ...named(inputs, 'INPUT').map((t) => `input [\n${tensor(t)}\n]`),
    ...named(outputs, 'OUTPUT').map((t) => `output [\n${tensor(t)}\n]`),
    'version_policy: { latest: { num_versions: 1 } }',
    '',
  ].join('\n');
}

const tensor = ({ name, dtype, shape }: BoundaryTensor): string =>
  `  { name: ${quoted(name)}, data_type: ${types[dtype]}, dims: [ ${shape.map((d) => (typeof d === 'number' ? d : -1)).join(', ')} ] }`;

const quoted = (text: string): string => JSON.stringify(text);
