/** Finds where a model's own arithmetic leaves the range of float16, which is no fault of nanoc; a wider dtype helps. */

import type { Graph, NodeId } from '../../compiler/graph/ir.ts';
import { type Diagnostic, warning } from '../../spec/diagnostic.ts';
import { lowest } from '../../spec/round.ts';
import { correspond } from './correspond.ts';
import { type Finding, findingAt } from './finding.ts';
import { isComputed, type Stage, type Values } from './trace.ts';

interface Ran extends Stage {
  readonly values: readonly Values[];
}

const dtype = 'float16';
const largestFinite = -lowest(dtype);

/**
 * The first float16 value of `target` that is not finite although all it was made from is, with what `reference`, which has
 * float32 arithmetic, says of it.
 */
export function findOverflow(reference: Ran, target: Ran): Finding | undefined {
  const { graph } = target;
  for (const [call, values] of target.values.entries()) {
    for (const { id, type, inputs } of graph.nodes) {
      const value = values.get(id);
      if (!value || type.dtype !== dtype || !isComputed(graph.nodes[id]!)) continue;
      const at = value.data.findIndex((x) => !Number.isFinite(x));
      if (at < 0 || inputs.some((i) => values.get(i)?.data.some((x) => !Number.isFinite(x)))) continue;
      const believed = counterpart(reference, graph, id, call);
      const same = believed?.shape.join() === value.shape.join() ? believed : undefined;
      if (same) return findingAt(graph, id, call, same, value);
      const unknown = { ...value, data: value.data.map((x, i) => (i === at ? 0 : x)) };
      return { ...findingAt(graph, id, call, unknown, value), expected: Number.NaN };
    }
  }
  return undefined;
}

function counterpart({ graph: before, values }: Ran, graph: Graph, id: NodeId, call: number) {
  const match = correspond(before, graph).find(({ after }) => after === id);
  return match && values[call]?.get(match.before);
}

/** Whether a value is too large rather than wrong. Sums in another order may be larger by a rounding. */
export const isOverflow = ({ type, expected, actual }: Finding): boolean =>
  type.startsWith(dtype) && !Number.isFinite(actual) && !(Math.abs(expected) < largestFinite / 2);

/** `what` names the value and its place. */
export function overflowText({ origin, expected, actual, index, type }: Finding, what: string): Diagnostic {
  const beyond = Number.isFinite(expected) ? expected.toPrecision(6) : `beyond ${largestFinite}`;
  return warning('N701', `${what} overflows: ${dtype} holds nothing above ${largestFinite}`, {
    ...(origin ? { span: origin.span } : {}),
    expected: `${beyond} at [${index.join(', ')}] of ${type}, as float32 has it`,
    found: String(actual),
    hint: 'nothing is wrong with the file: compile with --dtype bf16, which has the range of float32, or f32',
  });
}
