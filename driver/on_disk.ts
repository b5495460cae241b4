/** What lies at a path; where nothing can be seen, nothing lies. */

import { existsSync, readFileSync, statSync } from 'node:fs';

export const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Undefined where there is no file. */
export const contentOf = (path: string): Buffer | undefined =>
  isFile(path) ? readFileSync(path) : undefined;
