/** The manifest in the bytes of a model, for programs without a file system; `readModel` reads files, and checks them. */

import type { Manifest } from '../../compiler/manifest.ts';
import { parseManifest } from '../parse_manifest.ts';

/** Key of the manifest as JSON: everything that `verify`, `run` and `inspect` need. */
export const manifestKey = 'nanoc.manifest';

/** Of `ModelProto.metadata_props` and `StringStringEntryProto` in onnx.proto. */
const [metadataProps, keyField, valueField] = [14, 1, 2];

/** Undefined for what nanoc did not write. */
export function manifestIn(model: Uint8Array): Manifest | undefined {
  for (const { id, content } of messages(model)) {
    if (id !== metadataProps) continue;
    const entry = new Map([...messages(content)].map((f) => [f.id, f.content]));
    if (text(entry.get(keyField)) === manifestKey) return parseManifest(text(entry.get(valueField)));
  }
  return undefined;
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

/** Fields with a length; others are passed over, and what is damaged ends the walk. */
function* messages(bytes: Uint8Array): Generator<{ readonly id: number; readonly content: Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * 128 ** shift;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === 2) {
      const length = varint();
      yield { id: Math.floor(tag / 8), content: bytes.subarray(at, at + length) };
      at += length;
    } else if (kind === 0) varint();
    else if (kind === 1 || kind === 5) at += kind === 1 ? 8 : 4;
    else return;
  }
}
