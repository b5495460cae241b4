/** `--external link`: weights that a model reads from the checkpoint itself, which lies beside it under a second name. */

import { fileName as lastName } from '../../compiler/bytes/paths.ts';
import { readAt } from '../../compiler/checkpoint/open_file.ts';
import type { StoredBytes } from '../../compiler/weights/stored.ts';
import { type Diagnostic, error, Refusal, warning } from '../../spec/diagnostic.ts';
import type { ArtifactLink } from '../backend.ts';
import { markIn } from './data_mark.ts';
import type { Initializer } from './graph_writer.ts';

interface LinkedPlace {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export interface LinkedData {
  readonly links: readonly ArtifactLink[];
  /** By the name of the weight. */
  readonly places: ReadonlyMap<string, LinkedPlace>;
  /** Of each link, by its name. */
  readonly marks: readonly (readonly [name: string, mark: string])[];
  /** What cannot be linked, and is written. */
  readonly rest: readonly Initializer[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Why a table of rotations is written, which nobody expects in a checkpoint. */
const computed = 'computed when compiling';

/** `dataName` is that of the file for the rest, with which the names of links begin. Refuses (N514) where nothing can be linked. */
export function linkedData(tensors: readonly Initializer[], dataName: string): LinkedData {
  const found = tensors.map((tensor) => ({ tensor, stored: tensor.stored?.() ?? computed }));
  const places = new Map<string, LinkedPlace>();
  const links = new Map<string, ArtifactLink>();
  const marks: [string, string][] = [];
  for (const { tensor, stored } of found) {
    if (typeof stored === 'string') continue;
    const { file: of, stamp } = stored.storage;
    if (!links.has(of)) {
      const name = `${dataName}_${links.size > 0 ? `${links.size}_` : ''}${lastName(of)}`;
      links.set(of, { name, of, ...(stamp ? { stamp } : {}) });
      marks.push([name, markOf(stored)]);
    }
    const { name: file } = links.get(of)!;
    places.set(tensor.name, { file, offset: stored.offset, length: tensor.data.size });
  }
  const rest = found.flatMap(({ tensor, stored }) =>
    typeof stored === 'string' ? [{ tensor, why: stored }] : [],
  );
  const refused = rest.filter(({ why }) => why !== computed);
  if (links.size === 0) throw nothingToLink(refused.map(({ why }) => why));
  return {
    links: [...links.values()],
    places,
    marks,
    rest: rest.map(({ tensor }) => tensor),
    diagnostics: refused.length === 0 ? [] : [someWritten(refused, refused.length + places.size, dataName)],
  };
}

/** Of a few places all over the file, by which a later change of it is noticed. */
function markOf({ storage }: StoredBytes): string {
  const file = storage.open();
  try {
    return markIn(file.size, (at, length) => readAt(file, at, length));
  } finally {
    file.close();
  }
}

/** `12 converted from float16 to float32, 1 transposed or cut out` */
function counted(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const why of reasons) counts.set(why, (counts.get(why) ?? 0) + 1);
  return [...counts].map(([why, n]) => `${n} ${why}`).join(', ');
}

const nothingToLink = (reasons: readonly string[]): Refusal =>
  new Refusal([
    error('N514', 'no weight of this model can be linked', {
      expected: 'weights that lie in a checkpoint as the model wants them',
      found: reasons.length === 0 ? 'no weights of 1 KiB or more' : counted(reasons),
      hint: 'leave out --external link; --dtype says in which type they are stored',
    }),
  ]);

function someWritten(
  rest: readonly { readonly tensor: Initializer; readonly why: string }[],
  all: number,
  dataName: string,
): Diagnostic {
  const bytes = rest.reduce((sum, { tensor }) => sum + tensor.data.size, 0);
  return warning('N514', `${rest.length} of ${all} weights cannot be linked`, {
    found: counted(rest.map(({ why }) => why)),
    hint: `they are written: ${bytes} bytes of ${dataName}`,
  });
}
