/** Metadata of a model file, for people who look at it and for `nanoc` when it reads the file again. */

import type { Manifest } from '../../compiler/ports/manifest.ts';
import { manifestHash } from '../manifest_hash.ts';
import { hashKey, manifestKey } from './manifest_in.ts';
import type { Entry } from './schema.ts';

/** Metadata of a model for programs that may send it on: hashes only. */
export const hashes = (manifest: Manifest): readonly Entry[] => [
  { key: 'nanoc.producer', value: manifest.producer },
  { key: 'nanoc.spec_sha256', value: manifest.spec.sha256 },
  { key: 'nanoc.weights', value: manifest.weights },
  { key: hashKey, value: manifestHash(manifest) },
];

/** In a fixed order, so that a second compile gives the same bytes. */
export const metadata = (manifest: Manifest): readonly Entry[] => [
  { key: 'nanoc.producer', value: manifest.producer },
  { key: 'nanoc.spec', value: manifest.spec.name },
  { key: 'nanoc.spec_sha256', value: manifest.spec.sha256 },
  {
    key: 'nanoc.config',
    value: manifest.config.map((c) => `${c.name}=${JSON.stringify(c.value)}`).join(' '),
  },
  { key: 'nanoc.weights', value: manifest.weights },
  { key: manifestKey, value: JSON.stringify(manifest) },
];

/** The comment that opens the spec. */
export function modelDoc({ spec }: Manifest): string {
  const lines = spec.text.split('\n');
  const start = lines.findIndex((line) => line.startsWith('##'));
  if (start < 0 || lines.slice(0, start).some((line) => line.trim() !== '')) return '';
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('##'));
  return lines
    .slice(start, end < 0 ? lines.length : end)
    .map((line) => line.replace(/^##\s?/, ''))
    .join('\n');
}
