/** Options of `nanoc inspect`, whatever it inspects. */

import type { CompileOptions } from './compile_options.ts';

export interface InspectOptions
  extends Pick<
    CompileOptions,
    'json' | 'quiet' | 'color' | 'checkpoint' | 'step' | 'set' | 'plugin' | 'includeFolder'
  > {
  readonly html?: string;
  readonly force?: boolean;
}
