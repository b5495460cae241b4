/** The size of a model as every message gives it. */

import { existsSync, statSync } from 'node:fs';

/** Bytes of the model file and of the weights beside it, without tokenizer and config. */
export const modelSize = (path: string): number =>
  [path, `${path}_data`]
    .filter((file) => existsSync(file))
    .reduce((sum, file) => sum + statSync(file).size, 0);
