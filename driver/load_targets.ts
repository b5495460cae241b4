/** The targets that were asked for, by name or by a file of the user's own. */

import type { Backend } from '../backends/backend.ts';
import type { CompileOptions } from './compile_options.ts';
import { loadTarget } from './plugins/extensions.ts';
import { usualTarget } from './registry.ts';
import { usage } from './usage.ts';
import { layoutOf } from './with_layout.ts';

/** At least one, each once. */
export async function targetsOf(
  names: readonly string[],
  options: Pick<CompileOptions, 'layout' | 'cache'> = {},
): Promise<readonly Backend[]> {
  const { layout } = options;
  const targets = names.length > 0 ? [...new Set(names)] : [usualTarget().name];
  const backends: Backend[] = [];
  for (const target of targets) backends.push(await loadTarget(target));
  if (targets.length > 1 && layout !== undefined && layout !== 'plain')
    throw usage(`--layout ${layout} is for one target`, 'run nanoc once for each');
  for (const backend of backends) layoutOf(options, backend); // which refuses before anything is opened
  return backends;
}
