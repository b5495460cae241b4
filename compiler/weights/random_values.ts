/** Random weights for trying a spec out: every element is a function of seed, name and index alone. */

import { sha256 } from '../bytes/sha256.ts';

/** The value of the element with this index. */
export type RandomValue = (index: number) => number;

/** Names that projects give to the matrices which make queries and keys, alone or together with values. */
const queryOrKeyName =
  /(^|[._])(c_|w)?(q|k|query|key|qkv|q_proj|k_proj|qkv_proj|query_key_value|c_attn|wqkv)([._]|$)/i;

/** Names of the biases that a softplus turns into time steps, in state space models and gated delta rules. */
const timeStepBiasName = /(^|[._])dt(_proj)?[._]bias$/;

/**
 * Matrices are uniform with a deviation of 1 / sqrt(fan in), which keeps what flows through at the same size; vectors stay
 * around one, or zero where the name says that they are added. So logits are neither all zero nor huge. Queries and keys are
 * half as large again: scores then differ by two or so and not by one, some keys are looked at more than others, and a key
 * that should be hidden, or a scale that is off, shows. Twice as large, float32 leaves what `verify` allows in Gemma and Qwen 3.5.
 * Time steps begin small, as those who train such models let them (0.001 to 0.1: Gu and Dao, arXiv 2312.00752, section 3.6): about
 * 0.13 here. States then last for some ten tokens, and no layer is a product of four large factors, which 24 of them would
 * blow a rounding up by beyond what `verify` allows.
 */
export function randomValues(name: string, shape: readonly number[], seed: number): RandomValue {
  const hash = sha256().update(`${seed} ${name}`).digest();
  const salt = new DataView(hash.buffer).getUint32(0, true);
  const matrix = shape.length > 1;
  const added = /(^|[._])(bias|offset|beta)$/.test(name);
  const spread = queryOrKeyName.test(name) ? 1.5 : 1;
  const deviation = matrix ? spread / Math.sqrt(Math.max(1, shape.at(-1)!)) : 0.1;
  const centre = timeStepBiasName.test(name) ? -2 : matrix || added ? 0 : 1;
  const width = deviation * Math.sqrt(12);
  return (index) => Math.fround(centre + width * (uniform(salt, index) - 0.5));
}

/** A number 0 <= x < 1 in steps of 2 ** -32, by two rounds of multiplying and shifting the index. */
function uniform(salt: number, index: number): number {
  let x = (salt ^ Math.imul(index | 0, 0x9e3779b1) ^ Math.imul((index / 2 ** 32) | 0, 0x85ebca6b)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}
