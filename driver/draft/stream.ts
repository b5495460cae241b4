/** The residual stream of a layer: its branches in sequence or in parallel, with their norms. */

import { bareNorm } from './leaf.ts';
import type { Norms } from './norms.ts';
import { assumedIf, type Draft, noOpenPoints, type OpenPoints } from './notes.ts';

export interface Branch {
  /** Its name in messages. */
  readonly name: string;
  /** The condition for the layers that have it; undefined for all. */
  readonly when: string | undefined;
  /** The expression of its result for the value that it reads. */
  readonly call: (read: string) => string;
}

const parallelKeys = ['use_parallel_residual', 'parallel_attn', 'parallel_residual'];

interface Stream extends OpenPoints {
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
  const said = orderOfBranches(draft, told !== undefined, parallel, attention, mlp);
  if (parallel && attention && mlp) {
    const read = norms.beforeMlp ? before(norms.beforeMlp) : 'y';
    const sum = `x + ${after(norms.afterAttention, attention.call('y'))} + ${after(norms.afterMlp, mlp.call(read))}`;
    return { forward: `(x) { y = ${before(norms.beforeAttention)} return ${sum} }`, ...said };
  }
  const steps = [
    ...attentions.map((c) => ({
      ...c,
      value: after(norms.afterAttention, c.call(before(norms.beforeAttention))),
    })),
    ...mlps.map((c) => ({ ...c, value: after(norms.afterMlp, c.call(before(norms.beforeMlp))) })),
  ];
  const last = steps.at(-1);
  if (last === undefined) return { forward: '(x) = x', ...said };
  const statement = ({ when, value }: (typeof steps)[number]): string =>
    when === undefined ? `x = x + ${value}` : `if ${when} { x = x + ${value} }`;
  const tail = last.when === undefined ? [`return x + ${last.value}`] : [statement(last), 'return x'];
  return { forward: `(x) { ${[...steps.slice(0, -1).map(statement), ...tail].join('\n')} }`, ...said };
}

/** Two norms before two branches suggest a sequence; one norm suggests nothing. */
function orderOfBranches(
  { family }: Draft,
  told: boolean,
  parallel: boolean,
  attention: Branch | undefined,
  mlp: Branch | undefined,
): OpenPoints {
  if (told || attention === undefined || mlp === undefined) return noOpenPoints;
  const order = parallel ? 'read the same, side by side' : 'follow each other';
  const both = `${attention.name} and ${mlp.name}`;
  return assumedIf(
    family.sure || !parallel,
    `${both} ${order}: no entry says so`,
    `whether ${both} follow each other or stand side by side; the latter stands for it`,
  );
}
