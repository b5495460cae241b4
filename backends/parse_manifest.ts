/** The manifest that a model carries as JSON; a file from elsewhere may hold anything in its place. */

import type { Manifest } from '../compiler/ports/manifest.ts';
import { limits } from '../spec/limits.ts';
import { upgraded } from './manifest_versions.ts';

type Is = (value: unknown) => boolean;
const text: Is = (value) => typeof value === 'string';
const whole: Is = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const oneOf =
  (...allowed: readonly string[]): Is =>
  (value) =>
    allowed.includes(value as string); // includes compares, whatever the value is
const listOf =
  (is: Is): Is =>
  (value) =>
    Array.isArray(value) && value.every(is);
const optional =
  (is: Is): Is =>
  (value) =>
    value === undefined || is(value);
const object =
  (shape: Readonly<Record<string, Is>>): Is =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(shape).every(([key, is]) => is((value as Record<string, unknown>)[key])); // an object, as just seen
const texts: Is = (value) => typeof value === 'object' && value !== null && Object.values(value).every(text);

const floats = ['float32', 'float16', 'bfloat16'];
const float = oneOf(...floats);
const dtype = oneOf(...floats, 'int64', 'bool');
const shape = listOf((size) => text(size) || whole(size));
const tensor = { name: text, dtype, shape };

const manifest = object({
  version: whole,
  producer: text,
  model: text,
  spec: object({ name: text, text, sha256: text, includes: texts }),
  config: listOf(object({ name: text, value: (v) => v !== undefined, from: text, key: optional(text) })),
  weights: text,
  passes: listOf(text),
  cache: oneOf('none', 'dynamic', 'static'),
  slots: optional((n) => whole(n) && Number(n) <= limits.slots),
  context: optional(whole),
  logits: oneOf('all', 'last'),
  vocab: whole,
  storage: float,
  compute: float,
  inputs: listOf(object(tensor)),
  outputs: listOf(object(tensor)),
  ports: listOf(
    object({
      ...tensor,
      input: text,
      output: text,
      newRows: optional(text),
      rule: oneOf('replace', 'append', 'in_place'),
      axis: optional(whole),
      fill: (value) => typeof value === 'number',
    }),
  ),
} satisfies Readonly<Record<keyof Manifest, Is>>);

/** Undefined when there is none, or none that nanoc can have written. */
export function parseManifest(json: string | undefined, file?: string): Manifest | undefined {
  if (json === undefined) return undefined;
  let stored: unknown;
  try {
    stored = JSON.parse(json);
  } catch {
    return undefined;
  }
  return manifestFrom(stored, file);
}

/** The one place where a stored manifest becomes one of the newest version. Refuses (N704) what a newer nanoc wrote. */
export function manifestFrom(stored: unknown, file?: string): Manifest | undefined {
  const value = upgraded(stored, file);
  return manifest(value) ? (value as unknown as Manifest) : undefined; // every key was looked at
}
