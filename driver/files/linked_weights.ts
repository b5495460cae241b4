/** What is said and done about weights that a model reads from the checkpoint itself. */

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Artifact } from '../../backends/backend.ts';
import type { LinkKind } from '../../backends/link_file_node.ts';
import type { Compiled } from '../../compiler/compile.ts';
import type { Caller } from '../reporter.ts';
import { usage } from '../usage.ts';

/** Refuses (N510) a layout, whose client knows the names of its files. */
export function refuseLinks({ links = [] }: Artifact, layout: string | undefined): void {
  if (links.length > 0 && layout !== undefined)
    throw usage(
      `--layout ${layout} takes no --external link`,
      'its client reads files of names that it knows',
    );
}

/** Reads all weights of a model, which nobody reads where they are linked, so that what is wrong with them is found. */
export async function readWeights({ graph, weights }: Compiled, { io, signal }: Caller): Promise<void> {
  const names = graph.nodes.flatMap(({ op, attrs }) => (op === 'param' ? [String(attrs['name'])] : []));
  const total = names.reduce((sum, name) => sum + weights.info(name).bytes, 0);
  const progress = io.progress('checking the weights', total);
  let done = 0;
  for (const name of names) {
    for (const chunk of weights.chunks(name)) {
      done += chunk.length;
      progress.at(done);
      signal?.throwIfAborted();
    }
    await setImmediate();
  }
  progress.done();
}

/** What a user of such a model has to know. */
export function noteLinks(
  { io }: Pick<Caller, 'io'>,
  { links = [] }: Artifact,
  folder: string,
  { kinds, checked }: { readonly kinds: ReadonlyMap<string, LinkKind>; readonly checked: boolean },
): void {
  for (const { name, of } of links) {
    const path = join(folder, name);
    io.note(
      kinds.get(name) === 'clone'
        ? `${path} shares the blocks of ${of}, and stays as it is when that is changed`
        : `${path} is a second name of ${of}: whoever writes into that changes the model, too`,
    );
  }
  if (links.length > 0 && !checked)
    io.note('weights were linked and not read; --check-weights reads them, and says what is wrong with them');
}
