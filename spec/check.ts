/** Checks a spec, and returns the interface of the model without a graph. */

import type { File } from './ast.ts';
import { elaborate } from './elaborate/elaborate.ts';
import type { Checked, ElaborationOptions } from './program.ts';
import { nullSink } from './sink.ts';

export const check = (file: File, options: ElaborationOptions): Checked => elaborate(file, options, nullSink);
