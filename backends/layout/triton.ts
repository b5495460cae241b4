/**
 * A model repository of Triton Inference Server: NAME/config.pbtxt, and the model below NAME/1. Every port is a plain input
 * and a plain output, so whoever calls carries the cache; the names and sizes are those of the model.
 */

import type { BoundaryTensor } from '../../compiler/ports/manifest.ts';
import { cannotCarry } from './carries.ts';
import { type Layout, type LayoutInput, textFile } from './layout.ts';

const types = {
  float32: 'TYPE_FP32',
  float16: 'TYPE_FP16',
  bfloat16: 'TYPE_BF16',
  int64: 'TYPE_INT64',
  bool: 'TYPE_BOOL',
} as const;

export const triton: Layout = {
  name: 'triton',
  doc: 'model repository of Triton Inference Server',
  caches: ['none', 'dynamic', 'static'],
  statesAsLayers: false,
  padsUncached: false,
  modelFolder: '*/1',
  sign: '*/config.pbtxt',
  wantsTokenizer: false,
  suffixes: {},
  around(input) {
    const { name, target, client, manifest } = input;
    if (client.byPosition && manifest.ports.length > 0) {
      const found = `a cache, which is one list of tensors to a model of ${target}`;
      throw cannotCarry(
        `Triton's backend \`${client.runtime}\``,
        found,
        'take another --target, or --cache none',
      );
    }
    return [textFile(`${name}/config.pbtxt`, configText(input))];
  },
};

function configText({ manifest: { inputs, outputs, producer }, name, target, client }: LayoutInput): string {
  const named = (tensors: readonly BoundaryTensor[], word: string): readonly BoundaryTensor[] =>
    client.byPosition ? tensors.map((t, i) => ({ ...t, name: `${word}__${i}` })) : tensors;
  return [
    `# Written by ${producer}. Sizes of -1 are the batch and the lengths of the text.`,
    `name: ${quoted(name)}`,
    `backend: ${quoted(client.runtime ?? target)}`,
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
