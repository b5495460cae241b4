/** The specs that come with the package: `examples/*.nanospec`, from a checkout and from an installed package alike. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Source } from '../spec/source.ts';

export interface ShippedSpec {
  /** File name without its extension, which is also what the command line accepts. */
  readonly name: string;
  readonly path: string;
}

/** A family has one spec for each generation; without a checkpoint its name means the newest. */
export const families = { nanochat: 'nanochat_2026_03' } as const satisfies Record<string, string>;

/** Right for `driver/shipped.ts` and for a bundle in `dist/`: both lie one level below the package's root. */
export const examplesFolder = fileURLToPath(new URL('../examples/', import.meta.url));

const extension = '.nanospec';

/** Sorted by name. */
export function shippedSpecs(folder: string = examplesFolder): readonly ShippedSpec[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(extension));
  return files.sort().map((file) => ({ name: file.slice(0, -extension.length), path: join(folder, file) }));
}

/** Dashes count as underscores. */
export const isShipped = (text: string): boolean =>
  shippedSpecs().some(({ name }) => name === text.replaceAll('-', '_'));

/** Resolves an include of a shipped spec, which is another shipped spec. */
export function includeShipped(path: string): Source | undefined {
  const found = shippedFile(path);
  return found === undefined ? undefined : { name: path, text: readFileSync(found, 'utf8') };
}

/** Where `llama.nanospec` lies, when a spec of that name ships. */
export const shippedFile = (file: string): string | undefined =>
  shippedSpecs().find((spec) => `${spec.name}${extension}` === file)?.path;
