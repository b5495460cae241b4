/** What a target is given of a compiled model, to write it or to hold a file against it. */

import type { Compiled } from '../compiler/compile.ts';
import type { EmitInput } from './backend.ts';
import type { EmitOptions } from './target_option.ts';

export const emitInput = (
  { graph, manifest, weights, program }: Compiled,
  options: EmitOptions,
): EmitInput => ({ graph, manifest, weights, options, program, tied: program.names.tied });
