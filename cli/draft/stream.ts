/** What a layer adds to the stream: its branches, one after the other or side by side, between their norms. */

import { bareNorm } from './leaf.ts';
import type { Norms } from './norms.ts';
import type { Draft } from './notes.ts';

export interface Branch {
  /** For a reader. */
  readonly name: string;
  /** The layers that have it; undefined for all. */
  readonly when: string | undefined;
  /** What it makes of what it reads. */
  readonly of: (read: string) => string;
}

const parallelKeys = ['use_parallel_residual', 'parallel_attn', 'parallel_residual'];

interface Stream {
  /** The layer's `forward`. */
  readonly forward: string;
  readonly assumed: readonly string[];
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
  const order = parallel ? 'read the same, side by side' : 'follow each other';
  const guessed = told === undefined && attention !== undefined && mlp !== undefined;
  const assumed = guessed ? [`${attention.name} and ${mlp.name} ${order}: no entry says so`] : [];
  if (parallel && attention && mlp) {
    const read = norms.beforeMlp ? before(norms.beforeMlp) : 'y';
    const sum = `x + ${attention.of('y')} + ${mlp.of(read)}`;
    return { forward: `(x) { y = ${before(norms.beforeAttention)} return ${sum} }`, assumed };
  }
  const steps = [
    ...attentions.map((c) => ({
      ...c,
      value: after(norms.afterAttention, c.of(before(norms.beforeAttention))),
    })),
    ...mlps.map((c) => ({ ...c, value: after(norms.afterMlp, c.of(before(norms.beforeMlp))) })),
  ].map(({ when, value }) => (when === undefined ? `x = x + ${value}` : `if ${when} { x = x + ${value} }`));
  const last = steps.at(-1);
  if (last === undefined) return { forward: '(x) = x', assumed };
  const tail = last.startsWith('if') ? [last, 'return x'] : [last.replace('x = ', 'return ')];
  return { forward: `(x) { ${[...steps.slice(0, -1), ...tail].join('\n')} }`, assumed };
}
