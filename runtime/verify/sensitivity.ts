/** Measures how far logits move when every value is off by one rounding; no program in float32 can be held to less. */

import type { NodeId } from '../../compiler/graph/ir.ts';
import type { Manifest } from '../../compiler/ports/manifest.ts';
import type { Tensor } from '../../spec/tensor.ts';
import { random } from '../sample.ts';
import { referenceSession } from '../sessions/reference_session.ts';
import { compareValues } from './compare.ts';
import type { Stage } from './trace.ts';
import { type Call, logitsOf } from './verify_run.ts';

/** A unit in the last place of float32, relative to the value. */
const ulpShare = 2 ** -23;

export async function sensitivity(
  { graph, weights }: Stage,
  manifest: Manifest,
  calls: readonly Call[],
): Promise<number> {
  // Values may share the memory of weights, which are others' too.
  const own = { values: (name: string) => weights.values(name).slice() };
  // The interpreter is given every input, those that a call leaves out too.
  const whole = calls.map(({ without, ...call }) => call);
  const plain = await logitsOf(referenceSession(graph, manifest, own), whole);
  const nudged = await logitsOf(referenceSession(graph, manifest, own, { tap: nudge() }), whole);
  return compareValues(plain, nudged).abs;
}

/** Moves values up or down by one rounding, in a pattern unrelated to the model. */
function nudge(): (node: { readonly id: NodeId }, value: Tensor) => void {
  const next = random(0);
  return (_, { dtype, data }) => {
    if (dtype === 'int64' || dtype === 'bool') return;
    for (let i = 0; i < data.length; i++) data[i]! *= 1 + (next() < 0.5 ? ulpShare : -ulpShare);
  };
}
