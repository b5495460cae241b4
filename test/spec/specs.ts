/** The texts that syntax tests start from, and trees without their places. */

import { readdirSync, readFileSync } from 'node:fs';
import type { Source } from '../../spec/source.ts';

const root = new URL('../../', import.meta.url);

/** All specs that are shipped, the prelude among them. */
export const shipped: readonly Source[] = readdirSync(new URL('examples/', root))
  .map((file) => `examples/${file}`)
  .filter((path) => path.endsWith('.nanospec'))
  .concat('spec/prelude.nanospec')
  .sort()
  .map((name) => ({ name, text: readFileSync(new URL(name, root), 'utf8') }));

/** A tree as plain data, spans and comments left out, for comparison. */
export function withoutPlaces(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutPlaces);
  if (typeof node !== 'object' || node === null) return node;
  const kept = Object.entries(node).filter(([key]) => !['span', 'source', 'comments'].includes(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutPlaces(value)]));
}
