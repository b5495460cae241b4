/** The calls that the WebGPU test makes: it is slow in software, so one row and few steps. */

import type { Golden } from '../../../runtime/verify/golden.ts';
import { type Call, cutInto } from '../../../runtime/verify/verify_run.ts';

/** The first row's prompt in one call, then `steps` of its tokens, one each. */
export function lastOnly({ steps }: Required<Golden>, count: number): readonly Call[] {
  const text = [...steps.prompt[0]!, ...steps.tokens[0]!.slice(0, count)];
  return cutInto([text], [steps.prompt[0]!.length, ...Array<number>(count).fill(1)]);
}
