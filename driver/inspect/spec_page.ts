/** A spec as one page to look at: figures, the graph beside the text, and what each pass did. */

import { bytes } from '../byte_count.ts';
import { drawingOf } from '../page/html_model.ts';
import { page } from '../page/html_page.ts';
import { shortCount } from '../page/short_count.ts';
import type { InspectedSpec, SpecReport } from './spec_report.ts';

/** HTML that needs no other file. */
export const specPage = ({ report, compiled, source, passes }: InspectedSpec): string =>
  page({
    title: report.model,
    facts: factsOf(report),
    ...drawingOf(compiled.graph, source),
    shares: report.blocks,
    passes,
  });

function factsOf({ parameters, cache, flops, context, nodes }: SpecReport) {
  const { perToken, fixed } = cache;
  const { weights, attention, keys } = flops;
  const more = attention > 0 ? `, and ${shortCount(attention)} for attention over ${keys} tokens` : '';
  return [
    ['parameters', parameters.toLocaleString('en')],
    ['weights', `${bytes(4 * parameters)} f32, ${bytes(2 * parameters)} f16 or bf16`],
    ['FLOPs of a token', shortCount(weights) + more],
    ...(perToken > 0 ? [['cache of a token', bytes(perToken)] as const] : []),
    ...(fixed > 0 ? [['cache of a row', bytes(fixed)] as const] : []),
    ...(context === null ? [] : [[`cache of ${context} tokens`, bytes(perToken * context + fixed)] as const]),
    ['graph', `${nodes} nodes`],
  ] as const;
}
