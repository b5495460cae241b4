/** Resolves includes of a user's spec: files in or below its own folder or a folder that the user allowed, and shipped specs. */

import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { error, Refusal } from '../../spec/diagnostic.ts';
import type { ElaborationOptions } from '../../spec/program.ts';
import { isFile, isFolder } from '../on_disk.ts';
import { examplesFolder, shippedFile } from '../shipped.ts';
import { readSpec } from './spec_file.ts';

type Found = ReturnType<ElaborationOptions['include']>;

/**
 * A spec may come from somebody else, and what it includes is quoted in messages and kept in the compiled model. So nothing outside
 * those folders is looked for, and links are followed before it is decided.
 */
export function includeFrom(root: string, opened: readonly string[]): ElaborationOptions['include'] {
  for (const folder of opened) refuseUnlessFolder(folder);
  const folders = [dirname(root), ...opened, examplesFolder];
  return (path, from) => {
    const name = join(dirname(from === '' ? root : from), path);
    if (!path.endsWith('.nanospec')) return { refused: 'is no .nanospec file' };
    if (!folders.some((folder) => holds(resolve(folder), resolve(name)))) return outside(name);
    const found = isFile(name) ? name : shippedFile(path);
    return found === undefined ? undefined : readWithin(found, folders);
  };
}

function readWithin(name: string, folders: readonly string[]): Found {
  try {
    const real = realpathSync(name);
    if (!folders.some((folder) => holds(realpathSync(folder), real))) return outside(real);
    return { name, text: readSpec(real) };
  } catch (cause) {
    if (cause instanceof Refusal) return { refused: `cannot be used: ${cause.diagnostics[0]?.message}` };
    return { refused: `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
}

const outside = (file: string): Found => ({
  refused: 'lies outside the folder of the spec',
  hint: `if it is meant, open its folder: --include-folder ${dirname(file)}`,
});

/** Both are absolute. */
function holds(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

function refuseUnlessFolder(folder: string): void {
  if (isFolder(folder)) return;
  throw new Refusal([
    error('N510', `--include-folder ${folder}: no such folder`, {
      hint: 'name the folder that holds the included specs',
    }),
  ]);
}
