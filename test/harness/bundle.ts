/** The bundle in `dist/`, which examples and documents are run with: it is made anew before them when it is missing or old. */

import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Tests whose commands are those of the package, and not of the sources; a whole run checks the types of examples too. */
export const usesBundle = (path: string): boolean =>
  /^test\/(?:docs|examples)\/|^test\/repository\/package\./.test(path);

const bundled = [
  'spec',
  'compiler',
  'backends',
  'runtime',
  'driver',
  'cli',
  'index.ts',
  'nanoc.ts',
  'web.ts',
];

/** Why the bundle does not say what the sources say; undefined where it does. */
export function staleness(root: string): string | undefined {
  const made = timeOf(join(root, 'dist/index.js'));
  if (made === undefined) return 'there is no dist/';
  const newer = bundled
    .flatMap((name) => filesIn(root, name))
    .find((file) => timeOf(join(root, file))! > made);
  return newer === undefined ? undefined : `dist/ is older than ${newer}`;
}

const timeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

const filesIn = (root: string, name: string): readonly string[] =>
  name.includes('.')
    ? [name]
    : readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(?:ts|nanospec)$/.test(file))
        .map((file) => `${name}/${file}`);

/** Whether it was made, as `npm run build` makes it. */
export const buildBundle = (root: string): boolean =>
  spawnSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], { cwd: root, stdio: 'inherit' })
    .status === 0;
