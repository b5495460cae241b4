/** Checks a spec and keeps nothing but what it says of the model's interface. */

import type { File } from './ast.ts';
import { elaborate } from './elaborate/elaborate.ts';
import type { Checked, Surroundings } from './program.ts';
import { nullSink } from './sink.ts';

export const check = (file: File, surroundings: Surroundings): Checked =>
  elaborate(file, surroundings, nullSink);
