/** How far a model's logits move when every value of it is off by a rounding: what no program in float32 can be held to. */

import type { NodeId } from '../compiler/ir.ts';
import type { Manifest } from '../compiler/manifest.ts';
import type { Tensor } from '../spec/tensor.ts';
import { decoder } from './cache.ts';
import { compareValues } from './compare.ts';
import { referenceSession } from './reference_session.ts';
import type { Stage } from './trace.ts';
import type { Call } from './verify_run.ts';

/** A unit in the last place, as a share. */
const rounding = 2 ** -23;

export async function sensitivity(stage: Stage, manifest: Manifest, calls: readonly Call[]): Promise<number> {
  const plain = await logitsOf(stage, manifest, calls);
  const nudged = await logitsOf(stage, manifest, calls, nudge());
  return Math.max(...plain.map((logits, i) => compareValues(logits, nudged[i]!).abs));
}

async function logitsOf(
  { graph, weights }: Stage,
  manifest: Manifest,
  calls: readonly Call[],
  tap?: (node: { readonly id: NodeId }, value: Tensor) => void,
): Promise<readonly Tensor[]> {
  // Values may share the memory of weights, which are others' too.
  const own = { values: (name: string) => weights.values(name).slice() };
  const cache = decoder(referenceSession(graph, manifest, own, tap ? { tap } : {}));
  const all: Tensor[] = [];
  for (const { tokens, real } of calls) {
    const { logits } = await cache.feed(tokens, real ? { real } : {});
    if (logits) all.push(logits);
  }
  return all;
}

/** Up or down by as much as a rounding may, in turns that nothing of the model follows. */
function nudge(): (node: { readonly id: NodeId }, value: Tensor) => void {
  let state = 1;
  return (_, { dtype, data }) => {
    if (dtype === 'int64' || dtype === 'bool') return;
    for (let i = 0; i < data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      data[i]! *= 1 + (state >= 2 ** 31 ? rounding : -rounding);
    }
  };
}
