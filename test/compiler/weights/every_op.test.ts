/** Every op on a weight: kept as another weight where each number follows from one of them, and in the graph where it does not. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { fold_weights } from '../../../compiler/passes/index.ts';
import { weightSource } from '../../../compiler/weights/weight_source.ts';
import { Bug } from '../../../spec/diagnostic.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { addOps } from '../added_ops.ts';
import { apply, type Call, calls, equalTensors, shuffledRows } from '../op_calls.ts';
import { sketch } from '../tiny_graph.ts';

await addOps();

/** Those that move numbers are folded as views, which have tests of their own. */
const views = new Set(['reshape', 'transpose', 'slice', 'broadcast']);

/** Of floats: one weight, or one and a number. */
const isOfWeight = ({ op, type, values }: Call): boolean =>
  values.length > 0 &&
  values.length < 3 &&
  values.every((x) => x.dtype === 'float32' && x.data.length > 1) &&
  type.dtype === 'float32' &&
  !views.has(op);

/** The op on a parameter of the shape of the first operand; on a number, where there is a second and it takes one. */
function graphOf({ op, attrs, values }: Call): Graph | undefined {
  const s = sketch(op);
  const w = s.param('w', values[0]!.shape);
  try {
    s.output('y', s.op(op, [w, ...values.slice(1).map(() => s.w.scalar(0.75, w))], attrs));
  } catch (cause) {
    if (cause instanceof Bug) return undefined;
    throw cause;
  }
  return s.finish();
}

test('a number of a weight that follows from one of its numbers is computed while it is written', () => {
  const wrong: string[] = [];
  const seen = { done: 0, refused: 0, told: 0 };
  for (const call of calls().filter(isOfWeight)) {
    const { op, name, values, attrs, env } = call;
    const [x] = values as [Tensor];
    const others = values
      .slice(1)
      .map((): Tensor => ({ dtype: 'float32', shape: [], data: new Float32Array([0.75]) }));
    const graph = graphOf(call);
    if (!graph) continue;
    const alone = (of: Tensor): Tensor => apply(op, [of, ...others], attrs, env);
    const result = alone(x);
    const lines: string[] = [];
    const after = fold_weights.run(graph, { trace: (line) => lines.push(line) });
    const done = after.nodes[after.outputs[0]!.node]!.op === 'param';
    const all = x.shape.length;
    const moved = alone(shuffledRows(x, all));
    const elementwise =
      result.shape.join() === x.shape.join() && equalTensors(moved, shuffledRows(result, all));
    seen[done ? 'done' : 'refused'] += 1;
    if (done !== elementwise) wrong.push(`${name}: ${done ? 'done' : 'refused'}; ${lines}`);
    if (!done && values.length === 1 && lines.length === 0) wrong.push(`${name}: says nothing`);
    const run = (of: Graph, seed: number): Tensor =>
      evaluator(of, weightSource({ graph: of, storage: 'float32', seed })).run({})['y']!;
    if (!equalTensors(run(graph, 0), run(after, 0))) wrong.push(`${name}: other numbers`);
    seen.told += equalTensors(run(graph, 0), run(after, 1)) ? 0 : 1;
  }
  assert.equal(wrong, []);
  // Other weights give other numbers, unless all are below the one that they are held to.
  assert.ok(seen.done > 25 && seen.refused > 5, JSON.stringify(seen));
  assert.ok(seen.told > 0.85 * (seen.done + seen.refused), JSON.stringify(seen));
});

test.run();
