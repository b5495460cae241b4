/** Evaluates a scan by running its step on one token after the other. */

import { empty, product, type Tensor } from '../../spec/tensor.ts';
import type { Scan } from '../graph/scan_body.ts';

type Named = Readonly<Record<string, Tensor>>;

/** Returns the results of the step for all tokens, joined, and the last states. `inputs` are those of the node. */
export function evaluateScan(
  { body: { graph }, states, sequences }: Scan,
  inputs: readonly Tensor[],
  step: (feeds: Named) => Named,
): readonly Tensor[] {
  const names = graph.inputs.map((i) => i.name);
  const walked = inputs.slice(states, states + sequences);
  const feeds: Record<string, Tensor> = Object.fromEntries(names.map((name, i) => [name, inputs[i]!]));
  const given: Tensor[][] = graph.outputs.slice(states).map(() => []);
  for (let t = 0; t < walked[0]!.shape[1]!; t++) {
    walked.forEach((x, i) => {
      feeds[names[states + i]!] = tokenOf(x, t);
    });
    const made = step(feeds);
    graph.outputs.forEach(({ name }, i) => {
      if (i < states) feeds[names[i]!] = made[name]!;
      else given[i - states]!.push(made[name]!);
    });
  }
  return [...given.map(joinTokens), ...names.slice(0, states).map((name) => feeds[name]!)];
}

/** Token `t` of [B, T, s...], as [B, s...]. */
function tokenOf({ dtype, shape: [rows = 0, tokens = 0, ...rest], data }: Tensor, t: number): Tensor {
  const width = product(rest);
  const part = empty(dtype, [rows, ...rest]);
  for (let b = 0; b < rows; b++) {
    const from = (b * tokens + t) * width;
    part.data.set(data.subarray(from, from + width), b * width);
  }
  return part;
}

/** Joins T values [B, s...] to [B, T, s...]; a call has at least one token. */
function joinTokens(parts: readonly Tensor[]): Tensor {
  const { dtype, shape } = parts[0]!;
  const [rows = 0, ...rest] = shape;
  const width = product(rest);
  const all = empty(dtype, [rows, parts.length, ...rest]);
  parts.forEach(({ data }, t) => {
    for (let b = 0; b < rows; b++)
      all.data.set(data.subarray(b * width, (b + 1) * width), (b * parts.length + t) * width);
  });
  return all;
}
