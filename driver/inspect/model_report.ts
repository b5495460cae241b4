/** What a compiled model is: what it was made from, its form, and what its target tells of the file. */

import { makerOf } from '../../backends/another_version.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import { bytes } from '../byte_count.ts';
import type { ModelFile } from '../model_kinds.ts';
import { modelSize } from '../model_size.ts';

/** Plain values, as `nanoc inspect --json` prints them. */
export const modelReport = ({ path, manifest, facts }: ModelFile) => ({
  ...{ path, bytes: modelSize(path), manifest },
  ...facts?.().json,
});

/** The same in lines of text, but for the boundary. */
export function modelLines({ path, manifest, facts }: ModelFile): readonly string[] {
  const { model, spec, weights } = manifest;
  const { head = '', lines = [] } = facts?.() ?? {};
  return [
    `${path}: ${model}, made by ${makerOf(manifest)} from ${spec.name}, ${bytes(modelSize(path))}`,
    `spec sha256 ${spec.sha256.slice(0, 16)}..., weights ${weights.slice(0, 23)}`,
    [...(head === '' ? [] : [head]), formOf(manifest)].join(', '),
    ...lines,
  ];
}

/** `cache static, 300 slots, logits last, context 2048` */
function formOf({ cache, slots, logits, context }: Manifest): string {
  const kept = slots === undefined ? cache : `${cache}, ${slots} slots`;
  return `cache ${kept}, logits ${logits}, context ${context ?? 'unbounded'}`;
}
