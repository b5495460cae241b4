/** What a layer adds to the stream: its branches, one after the other or side by side, between their norms. */

import { bareNorm } from './leaf.ts';
import type { Norms } from './norms.ts';
import { type Draft, granted, nothingSaid, type Said } from './notes.ts';

export interface Branch {
  /** For a reader. */
  readonly name: string;
  /** The layers that have it; undefined for all. */
  readonly when: string | undefined;
  /** What it makes of what it reads. */
  readonly of: (read: string) => string;
}

const parallelKeys = ['use_parallel_residual', 'parallel_attn', 'parallel_residual'];

interface Stream extends Said {
  /** The layer's `forward`. */
  readonly forward: string;
}

export function streamOf(
  draft: Draft,
  norms: Norms,
  attentions: readonly Branch[],
  mlps: readonly Branch[],
): Stream {
  const bare = Object.values(norms).every((norm) => norm === undefined);
  const before = (norm: string | undefined): string =>
    norm ? `${norm}(x)` : bare ? bareNorm(draft, 'x') : 'x';
  const after = (norm: string | undefined, value: string): string => (norm ? `${norm}(${value})` : value);
  const [attention, mlp] = [attentions[0], mlps[0]];
  const told = draft.sizes.find(parallelKeys)?.value;
  const oneNorm = norms.beforeAttention !== undefined && Object.values(norms).filter(Boolean).length === 1;
  const parallel = told === true || (told === undefined && (oneNorm || norms.beforeMlp === 'ln_mlp'));
  const said = orderSaid(draft, told !== undefined, parallel, attention, mlp);
  if (parallel && attention && mlp) {
    const read = norms.beforeMlp ? before(norms.beforeMlp) : 'y';
    const sum = `x + ${after(norms.afterAttention, attention.of('y'))} + ${after(norms.afterMlp, mlp.of(read))}`;
    return { forward: `(x) { y = ${before(norms.beforeAttention)} return ${sum} }`, ...said };
  }
  const steps = [
    ...attentions.map((c) => ({
      ...c,
      value: after(norms.afterAttention, c.of(before(norms.beforeAttention))),
    })),
    ...mlps.map((c) => ({ ...c, value: after(norms.afterMlp, c.of(before(norms.beforeMlp))) })),
  ].map(({ when, value }) => (when === undefined ? `x = x + ${value}` : `if ${when} { x = x + ${value} }`));
  const last = steps.at(-1);
  if (last === undefined) return { forward: '(x) = x', ...said };
  const tail = last.startsWith('if') ? [last, 'return x'] : [last.replace('x = ', 'return ')];
  return { forward: `(x) { ${[...steps.slice(0, -1), ...tail].join('\n')} }`, ...said };
}

/** Two norms before two branches are seldom read side by side; one norm tells nothing. */
function orderSaid(
  { family }: Draft,
  told: boolean,
  parallel: boolean,
  attention: Branch | undefined,
  mlp: Branch | undefined,
): Said {
  if (told || attention === undefined || mlp === undefined) return nothingSaid;
  const order = parallel ? 'read the same, side by side' : 'follow each other';
  const both = `${attention.name} and ${mlp.name}`;
  return granted(
    family.sure || !parallel,
    `${both} ${order}: no entry says so`,
    `whether ${both} follow each other or stand side by side; the latter stands for it`,
  );
}
