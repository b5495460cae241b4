/** The targets that were asked for, and the passes of plugins that run before theirs. */

import type { Backend } from '../backends/backend.ts';
import type { Pass } from '../compiler/passes/pass.ts';
import { loadPlugins, loadTarget } from './plugins/extensions.ts';
import { usage } from './usage.ts';

export interface Targets {
  /** The targets: at least one, each once. */
  readonly backends: readonly Backend[];
  /** Passes of plugins, which run before those of a backend. */
  readonly passes: readonly Pass[];
}

/** By name, or by a file of the user's own. */
export async function targetsOf(
  names: readonly string[],
  { plugin = [], layout }: { readonly plugin?: readonly string[]; readonly layout?: string } = {},
): Promise<Targets> {
  const targets = names.length > 0 ? [...new Set(names)] : ['onnx'];
  const backends: Backend[] = [];
  for (const target of targets) backends.push(await loadTarget(target));
  if (targets.length > 1 && layout !== undefined && layout !== 'plain')
    throw usage(`--layout ${layout} is for one target`, 'run nanoc once for each');
  return { backends, passes: await loadPlugins(plugin) };
}
