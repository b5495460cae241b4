/** The targets that were asked for, by name or by a file of the user's own. */

import type { Backend } from '../backends/backend.ts';
import { loadTarget } from './plugins/extensions.ts';
import { usualTarget } from './registry.ts';
import { usage } from './usage.ts';

/** At least one, each once. */
export async function targetsOf(
  names: readonly string[],
  { layout }: { readonly layout?: string } = {},
): Promise<readonly Backend[]> {
  const targets = names.length > 0 ? [...new Set(names)] : [usualTarget().name];
  const backends: Backend[] = [];
  for (const target of targets) backends.push(await loadTarget(target));
  if (targets.length > 1 && layout !== undefined && layout !== 'plain')
    throw usage(`--layout ${layout} is for one target`, 'run nanoc once for each');
  return backends;
}
