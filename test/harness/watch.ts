/** `npm test -- --watch`: runs the tests again that load a file that was changed. */

import { readdirSync, watch as watchFolder } from 'node:fs';
import { join } from 'node:path';
import { closures } from './imports.ts';
import type { TestFile } from './lane.ts';

/** Test files that load one of `changed`. What no file imports (a spec, a fixture) may be read by any of them. */
export function affected(
  root: string,
  files: readonly TestFile[],
  changed: ReadonlySet<string>,
): readonly TestFile[] {
  if ([...changed].some((path) => !path.endsWith('.ts'))) return files;
  const loadedBy = closures(root);
  return files.filter(({ path }) => loadedBy(path).some((loaded) => changed.has(loaded.path)));
}

/** Results, and folders that hold only what is built: nothing in them is edited. */
const left = /^(?:node_modules|dist|coverage|out|\..*)$/;
/** Editors write a file in several steps. */
const settle = 100;

/** Calls `run` with the paths that were changed, from the root, whenever it is not at work with those before. */
export function watch(
  root: string,
  folder: string,
  run: (changed: ReadonlySet<string>) => Promise<void>,
): void {
  let changed = new Set<string>();
  let atWork = false;
  let timer: NodeJS.Timeout | undefined;
  const begin = async (): Promise<void> => {
    if (atWork || changed.size === 0) return;
    atWork = true;
    const now = changed;
    changed = new Set();
    await run(now);
    atWork = false;
    await begin();
  };
  const note = (path: string): void => {
    changed.add(path.replaceAll('\\', '/'));
    clearTimeout(timer);
    timer = setTimeout(() => void begin(), settle);
  };
  const tops = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !left.test(entry.name))
    .map(({ name }) => name);
  for (const top of new Set([...tops, folder]))
    watchFolder(join(root, top), { recursive: true }, (_, name) => {
      if (name) note(join(top, name));
    });
}
