/** The groups of measurements by the word that chooses them, each with the rows that it finds. */

import type { Findings, RowName } from '../rows.ts';
import type { Setting } from '../setting.ts';
import { compiling, deepModel } from './compile.ts';
import { decode } from './decode.ts';
import { loading } from './load.ts';
import { specs } from './specs.ts';
import { starting } from './start.ts';

export interface Group {
  readonly rows: readonly RowName[];
  readonly measure: (setting: Setting) => Promise<Findings>;
}

export const groups: Readonly<Record<string, Group>> = {
  decode: {
    rows: [
      ...(['decode_short', 'decode_middle', 'decode_long', 'decode_own'] as const),
      ...(['llama_middle', 'llama_long', 'first_token', 'logits'] as const),
    ],
    measure: decode,
  },
  load: { rows: ['load_time', 'load_memory'], measure: loading },
  start: { rows: ['version', 'check', 'front'], measure: starting },
  specs: { rows: ['inspect_time', 'inspect_memory', 'check_time', 'check_memory'], measure: specs },
  deep: { rows: ['deep_compile'], measure: deepModel },
  compile: { rows: ['compile_time', 'compile_memory'], measure: compiling },
};
