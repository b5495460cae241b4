/** The manifest in the bytes of a model, for programs without a file system; `readModel` reads files, and checks them. */

import type { Manifest } from '../../compiler/ports/manifest.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { parseManifest } from '../parse_manifest.ts';
import { besideIn, hashedText, sidecarName } from '../sidecar.ts';
import { markedFile, otherMark } from './data_mark.ts';

/** Key of the manifest as JSON: everything that `verify`, `run` and `inspect` need. */
export const manifestKey = 'nanoc.manifest';

/** Field numbers of `ModelProto.metadata_props` and `StringStringEntryProto` in onnx.proto. */
const [metadataProps, keyField, valueField] = [14, 1, 2];

/** Key of the hash of a manifest that lies beside the model. */
export const hashKey = 'nanoc.manifest_sha256';

/** Undefined for what nanoc did not write, and for a model that has its manifest beside it. Refuses (N704) one of a newer nanoc. */
export const manifestIn = (model: Uint8Array): Manifest | undefined =>
  parseManifest(metadataIn(model).get(manifestKey));

export interface BesideModel {
  /** Name of the model: `model.onnx`. */
  readonly name: string;
  /** Text of the file beside it, `nanoc.json`. */
  readonly text: string;
}

/** The manifest inside the model, or beside it where the model holds its hash. Refuses (N704) one of another model. */
export async function manifestOf(model: Uint8Array, beside?: BesideModel): Promise<Manifest | undefined> {
  const metadata = metadataIn(model);
  const hash = metadata.get(hashKey);
  if (hash === undefined) return parseManifest(metadata.get(manifestKey));
  const found = beside && besideIn(beside.text, beside.name);
  const hint = `${sidecarName} and the model belong together: serve both`;
  if (!found)
    throw new Refusal([error('N704', 'the model keeps its manifest beside it, in nanoc.json', { hint })]);
  if ((await sha256(hashedText(found.stored))) === hash) return found.manifest;
  throw new Refusal([error('N704', `${sidecarName} was not written with the model`, { hint })]);
}

/** The files beside the model that hold its weights, by the names that it has for them; of models from before they had marks, none. */
export const dataFilesIn = (model: Uint8Array): readonly string[] =>
  [...metadataIn(model).keys()].flatMap((key) => markedFile(key) ?? []);

/** Refuses (N704) data of another model, by the mark that was written with its own. */
export function refuseOtherData(model: Uint8Array, name: string, data: Uint8Array): void {
  const read = (at: number, length: number): Uint8Array => data.subarray(at, at + length);
  if (!otherMark(metadataIn(model), name, data.length, read)) return;
  const hint = 'they belong together: serve both, or compile again';
  throw new Refusal([error('N704', `${name} is not the data that the model was written with`, { hint })]);
}

async function sha256(of: string): Promise<string> {
  // Browsers offer it only to pages of https and of this machine.
  if (!globalThis.crypto?.subtle) {
    const hint = 'open the page over https, or compile the model with --metadata full';
    throw new Refusal([error('N704', 'the manifest beside the model cannot be checked here', { hint })]);
  }
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(of));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function metadataIn(model: Uint8Array): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { id, content } of messages(model)) {
    if (id !== metadataProps) continue;
    const entry = new Map([...messages(content)].map((f) => [f.id, f.content]));
    found.set(text(entry.get(keyField)) ?? '', text(entry.get(valueField)) ?? '');
  }
  return found;
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

/** Length-delimited fields; others are skipped, and a damaged field ends the walk. */
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
