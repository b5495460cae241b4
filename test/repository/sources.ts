/** The repository's own TypeScript files, and what they import. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folders, type Import, importsOf } from '../harness/imports.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export { folders, type Import };

const others = ['examples', 'test', 'bench', 'scripts'];

export interface SourceFile {
  /** From the root: `spec/parse.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`);

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, imports: importsOf(path, text) };
}

const isSource = (path: string): boolean =>
  path.endsWith('.ts') && !path.includes('/generated/') && !path.startsWith('test/fixtures/');

/** All written by hand: what ships, and below it tests, examples and scripts. */
export const shippedSources: readonly SourceFile[] = [
  ...readdirSync(root).filter((f) => f.endsWith('.ts')),
  ...folders.flatMap(filesBelow),
]
  .filter(isSource)
  .map(read);
export const sources: readonly SourceFile[] = [
  ...shippedSources,
  ...others.flatMap(filesBelow).filter(isSource).map(read),
];
