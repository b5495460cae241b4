/** Checks a spec and keeps nothing but what it says of the model's interface. */

import type { File } from './ast.ts';
import { elaborate } from './elaborate/elaborate.ts';
import type { Checked, ElaborationOptions } from './program.ts';
import { nullSink } from './sink.ts';

export const check = (file: File, options: ElaborationOptions): Checked => elaborate(file, options, nullSink);
