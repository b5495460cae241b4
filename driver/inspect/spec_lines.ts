/** What a spec makes in lines of text: its size, config, memory and arithmetic. */

import { bytes } from '../byte_count.ts';
import { shortCount } from '../page/short_count.ts';
import type { SpecReport } from './spec_report.ts';

export function specLines(report: SpecReport): readonly string[] {
  const { model, parameters, config, unread, nodes } = report;
  const entries = config.map((e) => `${e.name} = ${JSON.stringify(e.value)}`).join(', ');
  return [
    `${model}: ${shortCount(parameters)} parameters (${parameters})`,
    `config: ${entries || 'none'}`,
    ...(unread.length > 0 ? [`not read from the checkpoint's config: ${unread.join(', ')}`] : []),
    `weights: ${bytes(4 * parameters)} as f32, ${bytes(2 * parameters)} as f16 or bf16`,
    cacheText(report),
    flopsText(report),
    `graph: ${nodes} nodes`,
  ];
}

function cacheText({ ports, cache: { perToken, fixed }, context }: SpecReport): string {
  const ofRow = fixed > 0 ? `, ${bytes(fixed)} a row` : '';
  const inAll = context === null ? '' : `, ${bytes(perToken * context + fixed)} at ${context} tokens`;
  return `cache: ${ports.length} ports, ${bytes(perToken)} a token and row${ofRow}${inAll}`;
}

function flopsText({ flops: { weights, attention, keys } }: SpecReport): string {
  const more = attention > 0 ? `, ${shortCount(attention)} more for attention over ${keys} tokens` : '';
  return `FLOPs: ${shortCount(weights)} a token for the weights${more}`;
}
