/** The repository's own TypeScript files, and what they import. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const folders = ['spec', 'compiler', 'backends', 'runtime', 'driver', 'cli'] as const;
const others = ['examples', 'test', 'bench', 'scripts'];

export interface SourceFile {
  /** From the root: `spec/parse.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** A file from the root, or a package's name. */
  readonly from: string;
  readonly typeOnly: boolean;
  /** Loaded only when a function asks for it. */
  readonly lazy?: boolean;
}

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`);

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm);
  const found: readonly Import[] = [
    ...[...statements].map((m) => ({ typeOnly: m[1] !== undefined, from: m[2]! })),
    ...[...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)].map((m) => ({
      typeOnly: false,
      lazy: true,
      from: m[1]!,
    })),
  ];
  const imports = found.map(({ from, ...rest }) => ({
    ...rest,
    from: from.startsWith('.') ? normalize(join(dirname(path), from)) : from,
  }));
  return { path, text, imports };
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
