/** Python interpreters of this machine that may have torch, in the order in which they are tried. */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = process.platform === 'win32' ? ['python3.exe', 'python.exe'] : ['python3', 'python'];

const runs = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** `NANOC_PYTHON` alone when it is set; else every python3 on the PATH, for the first need not be the one with torch. */
export function findPythons(
  env: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] {
  const named = env['NANOC_PYTHON'];
  if (named) return [named];
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name)).filter(runs));
  return [...new Set(found)];
}
