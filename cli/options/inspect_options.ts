/** What `nanoc inspect` may be told, whatever it looks at. */

import type { CompileOptions } from './compile_options.ts';

export interface InspectOptions
  extends Pick<
    CompileOptions,
    'json' | 'quiet' | 'color' | 'checkpoint' | 'step' | 'set' | 'plugin' | 'includeFolder'
  > {
  readonly html?: string;
  readonly force?: boolean;
}
