/** Greedy decoding, compared with the tokens of another implementation or with the whole text at once. */

import type { Session } from '../../compiler/ports/session.ts';
import type { Tensor } from '../../spec/tensor.ts';
import { argmax } from '../argmax.ts';
import { columnsOf, decoder, type Rows } from '../cache.ts';
import { joinColumns } from './verify_run.ts';

export interface Greedy {
  readonly tokens: Rows;
  /** The logits that chose the tokens, [B, n, V]. */
  readonly logits: Tensor;
  /** The memory after the call that chose the last token. */
  readonly memory: ReadonlyMap<string, Tensor>;
}

/** Logits of the last position of each row, [B, 1, V]. */
const lastOf = (t: Tensor): Tensor => columnsOf(t, t.shape[1]! - 1);

const choose = ({ data, shape }: Tensor): readonly number[] => {
  const [batch = 0, , vocab = 0] = shape;
  return Array.from({ length: batch }, (_, b) => argmax(data, b * vocab, vocab));
};

/** Rows of one length go in; `count` tokens come out of each. */
export async function greedy(session: Session, prompt: Rows, count: number): Promise<Greedy> {
  const cache = decoder(session);
  const parts = [lastOf(await cache.prefill(prompt))];
  const chosen = [choose(parts[0]!)];
  while (chosen.length < count) {
    parts.push(lastOf(await cache.step(chosen.at(-1)!)));
    chosen.push(choose(parts.at(-1)!));
  }
  const tokens = prompt.map((_, b) => chosen.map((c) => c[b]!));
  return { tokens, logits: joinColumns(parts), memory: cache.memory() };
}

/** Tokens that agree with `expected`, of all; a tie within `slack` ends the comparison of its row but counts as agreeing. */
export function agreement(
  { tokens, logits }: Pick<Greedy, 'tokens' | 'logits'>,
  expected: Rows,
  slack: number,
): { readonly share: number; readonly ties: number } {
  const [, steps = 0, vocab = 0] = logits.shape;
  let [agreed, total, ties] = [0, 0, 0];
  for (const [b, row] of expected.entries()) {
    total += row.length;
    const apart = row.findIndex((token, i) => token !== tokens[b]![i]);
    agreed += apart < 0 ? row.length : apart;
    if (apart < 0) continue;
    const at = (b * steps + apart) * vocab;
    const lost = logits.data[at + tokens[b]![apart]!]! - logits.data[at + row[apart]!]!;
    if (!(lost <= slack)) continue;
    ties++;
    agreed += row.length - apart;
  }
  return { share: total ? agreed / total : 1, ties };
}
