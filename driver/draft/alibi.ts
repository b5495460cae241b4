/** Drafts ALiBi, a bias of scores that falls with distance, and the slopes of its heads. */

import { assumedIf, type Draft, type OpenPoints } from './notes.ts';

export const alibiKeys = ['alibi', 'attn_config.alibi'];

export interface Alibi extends OpenPoints {
  readonly lines: readonly string[];
}

/** Call it once the number of heads is known. */
export function alibiOf(draft: Draft): Alibi {
  const { sizes, family } = draft;
  const heads = sizes.use('heads')!;
  const biasMax = sizes.use('lean') === undefined ? '8' : 'lean';
  const { body, order } = slopes(heads, biasMax, family.slopes ?? 'mpt');
  const scale = family.leanScaled ? ' * head_dim ** -0.5' : '';
  if (family.leanScaled) sizes.use('head_dim');
  return {
    lines: [`fn slope(h) ${body}`, `fn alibi(h, q, k) = slope(h) * (k - q)${scale}`],
    lacks: assumedIf(
      family.sure,
      '',
      'how much each head leans towards near tokens; powers of 2 stand for it',
    ).lacks,
    assumed: [
      ...(sizes.find(alibiKeys)
        ? []
        : [`heads lean towards near tokens (ALiBi), as in ${family.by} code: no entry says so`]),
      `the slopes of ALiBi are powers of 2 ** (-${biasMax} / n), with n ${order}`,
      family.leanScaled
        ? `what a head leans is divided by the root of its width, as in ${family.by} code, and not rounded to bfloat16, as there`
        : 'what a head leans is added behind the scale of its scores',
    ],
  };
}

/** Slopes of the heads. Where their number is no power of two, code follows either MPT or BLOOM. */
function slopes(heads: number, biasMax: string, way: 'mpt' | 'bloom') {
  if (Number.isInteger(Math.log2(heads)))
    return { body: `= 2 ** (-${biasMax} * (h + 1) / heads)`, order: 'heads' };
  return way === 'mpt'
    ? {
        body: `{
          n = 2 ** ceil(log2(heads))
          rank = if h < n / 2 then 2 * h + 2 else 2 * h - n + 1
          return 2 ** (-${biasMax} * rank / n)
        }`,
        order: "the next power of two: every second comes first, as in MPT's code",
      }
    : {
        body: `{
          n = 2 ** floor(log2(heads))
          rank = if h < n then h + 1 else h - n + 0.5
          return 2 ** (-${biasMax} * rank / n)
        }`,
        order: "the last power of two, and those between them follow, as in BLOOM's code",
      };
}
