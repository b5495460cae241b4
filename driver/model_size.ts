/** The size of a model as every message gives it. */

import { existsSync, statSync } from 'node:fs';

/** Bytes of the model file and of the weights beside it, without tokenizer and config. */
export function modelSize(path: string): number {
  let size = sizeOf(path);
  for (let i = 0; existsSync(dataPath(path, i)); i++) size += sizeOf(dataPath(path, i));
  return size;
}

const dataPath = (path: string, i: number): string => `${path}_data${i === 0 ? '' : `_${i}`}`;

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
