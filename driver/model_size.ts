/** How large a model is: the one number that is told of it, wherever it is told. */

import { existsSync, statSync } from 'node:fs';

/** Its file, and its weights where they lie beside it; a tokenizer or a config is no part of it. */
export const modelSize = (path: string): number =>
  [path, `${path}_data`]
    .filter((file) => existsSync(file))
    .reduce((sum, file) => sum + statSync(file).size, 0);
