/** What a TypeScript file imports, read from its text, and all that is loaded with it. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** What ships lies in these. */
export const folders = ['spec', 'compiler', 'backends', 'runtime', 'driver', 'cli'] as const;

export interface Import {
  /** A file from the root, or a package's name. */
  readonly from: string;
  readonly typeOnly: boolean;
  /** Loaded only when a function asks for it. */
  readonly lazy?: boolean;
}

export function importsOf(path: string, text: string): readonly Import[] {
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm);
  const found: readonly Import[] = [
    ...[...statements].map((m) => ({ typeOnly: m[1] !== undefined, from: m[2]! })),
    ...[...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)].map((m) => ({
      typeOnly: false,
      lazy: true,
      from: m[1]!,
    })),
  ];
  return found.map(({ from, ...rest }) => ({
    ...rest,
    from: from.startsWith('.') ? normalize(join(dirname(path), from)).replaceAll('\\', '/') : from,
  }));
}

export interface Loaded {
  readonly path: string;
  readonly text: string;
  /** Packages and Node's own modules. */
  readonly packages: readonly string[];
}

/** Finds a file with all that it loads, at once or on demand; types load nothing. Files are read once. */
export function closures(root: string): (path: string) => readonly Loaded[] {
  const read = new Map<string, Loaded & { readonly files: readonly string[] }>();
  const load = (path: string) => {
    const text = readFileSync(join(root, path), 'utf8');
    const names = importsOf(path, text)
      .filter(({ typeOnly }) => !typeOnly)
      .map(({ from }) => from);
    const files = names.filter((name) => name.endsWith('.ts') && existsSync(join(root, name)));
    const loaded = { path, text, files, packages: names.filter((name) => !/\.(?:ts|json)$/.test(name)) };
    read.set(path, loaded);
    return loaded;
  };
  return (path) => {
    const seen = new Set([path]);
    for (const next of seen) for (const file of (read.get(next) ?? load(next)).files) seen.add(file);
    return [...seen].map((file) => read.get(file)!);
  };
}
