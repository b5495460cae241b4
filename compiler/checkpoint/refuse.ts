/** Throws one diagnostic; readers of untrusted files stop at the first thing that is wrong. */

import type { Code } from '../../spec/codes.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';

interface Extra {
  readonly file?: string;
  readonly hint?: string;
  readonly expected?: string;
  readonly found?: string;
}

export function refuse(code: Code, message: string, extra: Extra = {}): never {
  throw new Refusal([error(code, message, extra)]);
}
