/** Every op goes through every transformation: done, and then no number changes, or refused where the numbers show that it must be. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flatten_rows, hasRows } from '../../backends/onnx/flatten_rows.ts';
import { axisOfInputs } from '../../compiler/graph/token_axis.ts';
import { last_token_logits, merge_views } from '../../compiler/passes/index.ts';
import { runPasses } from '../../compiler/pipeline.ts';
import { constant, product } from '../../spec/dim.ts';
import { empty, type Tensor } from '../../spec/tensor.ts';
import { runReference } from '../backends/onnx/run_onnx.ts';
import { addOps } from './added_ops.ts';
import {
  apply,
  type Call,
  calls,
  equalTensors,
  onOnePlace,
  places,
  possibleSources,
  shuffledRows,
} from './op_calls.ts';
import { B, distance, sketch, T, typed } from './tiny_graph.ts';

type Outputs = Readonly<Record<string, Tensor>>;

await addOps();

/** A concat of one tensor, which nothing makes. */
const joinsNothing = 'concat 1';

test('one place of a result is computed from one place of the operands, where it depends on no other', () => {
  const wrong: string[] = [];
  const seen = { done: 0, refused: 0, told: 0 };
  for (const call of calls()) {
    const result = apply(call.op, call.values, call.attrs, call.env);
    for (const [axis, n] of result.shape.entries()) {
      if (n < 2) continue;
      const sources = axisOfInputs(axis, call);
      const at = `${call.name}, axis ${axis}: ${sources}`;
      if (typeof sources === 'string') {
        seen.refused += 1;
        const possible = possibleSources(call, axis, result);
        if (possible && call.name !== joinsNothing) wrong.push(`${at}: yet ${possible} will do`);
        continue;
      }
      seen.done += 1;
      const last = places(result, axis, [n - 1]);
      const [same, other] = [n - 1, 0].map((place) => onOnePlace(call, axis, sources, place));
      if (!same || !equalTensors(same, last)) wrong.push(`${at}: other numbers`);
      seen.told += other && equalTensors(other, last) ? 0 : 1;
    }
  }
  assert.equal(wrong, []);
  // Another place gives other numbers, but for a few small operands that repeat themselves.
  assert.ok(seen.told > 0.9 * seen.done && seen.done > 100 && seen.refused > 20, JSON.stringify(seen));
});

test('logits of the last token are computed from the last places of the operands, where they depend on no other', () => {
  const wrong: string[] = [];
  const seen = { done: 0, refused: 0 };
  for (const call of calls()) {
    const { name, op, types, values, attrs, env } = call;
    const result = apply(op, values, attrs, env);
    const n = result.shape[1] ?? 0;
    if (result.shape.length !== 3 || n < 2 || types.length === 0) continue;
    const s = sketch(op);
    const feeds: Record<string, Tensor> = { sizes: empty('int64', [env.get('B')!, env.get('T')!]) };
    const given = types.map((t, i) => {
      feeds[`x${i}`] = values[i]!;
      return s.input(`x${i}`, t);
    });
    s.input('sizes', typed('int64', B, T));
    s.output('logits', s.w.cast(s.op(op, given, attrs), 'float32'));
    const lines: string[] = [];
    const [graph, trace] = [s.finish(), (_: string, line: string) => lines.push(line)];
    const after = runPasses(graph, [last_token_logits], { trace });
    const [all, last] = [graph, after].map((g) => runReference(g, feeds)['logits']!) as [Tensor, Tensor];
    if (!equalTensors(last, places(all, 1, [n - 1]))) wrong.push(`${name}: other numbers`);
    const done = after.nodes.some((node) => node.op === op && constant(node.type.shape[1]!) === 1);
    seen[done ? 'done' : 'refused'] += 1;
    if (done) continue;
    const possible = possibleSources(call, 1, result);
    if (possible && name !== joinsNothing) wrong.push(`${name}: refused, yet ${possible} will do`);
    if (!lines.some((line) => line.startsWith(`sliced ${op} in the model, since `)))
      wrong.push(`${name}: says nothing: ${lines}`);
  }
  assert.equal(wrong, []);
  assert.ok(seen.done > 40 && seen.refused >= 5, JSON.stringify(seen));
});

/** Operands and result as rows, before the op and after it; a product follows, since rows stop where only outputs come. */
function amidProducts({ op, attrs, types, values, type, env }: Call, rowed: readonly boolean[]) {
  const s = sketch(op);
  const feeds: Record<string, Tensor> = { sizes: empty('int64', [env.get('B')!, env.get('T')!]) };
  const given = types.map(({ dtype, shape }, i) => {
    const x = values[i]!;
    const flat = [product(shape.slice(0, -1)), shape.at(-1)!];
    const [width] = x.shape.slice(-1) as [number]; // rows have one
    feeds[`x${i}`] = rowed[i] ? { ...x, shape: [x.data.length / width, width] } : x;
    const input = s.input(`x${i}`, { dtype, shape: rowed[i] ? flat : shape });
    return rowed[i] ? s.w.reshape(input, shape) : input;
  });
  s.input('sizes', typed('int64', B, T));
  const y = s.w.cast(s.op(op, given, attrs), 'float32');
  s.output('y', s.op('linear', [y, s.param('w', [3, constant(type.shape.at(-1)!)!])]));
  return { graph: s.finish(), feeds };
}

test('rows of a result are computed from rows of the operands, where each row depends on its own alone', () => {
  const wrong: string[] = [];
  const seen = { done: 0, refused: 0 };
  for (const call of calls()) {
    const { name, op, type, types, values, attrs, env } = call;
    const lead = type.shape.length - 1;
    const rowed = types.map((t) => hasRows(t, type));
    if (lead < 2 || !rowed.includes(true) || constant(type.shape.at(-1)!) === undefined) continue;
    const { graph, feeds } = amidProducts(call, rowed);
    const lines: string[] = [];
    const after = runPasses(graph, [flatten_rows, merge_views], { trace: (_, line) => lines.push(line) });
    const done = after.nodes.some((n) => n.op === op && n.type.shape.length === 2);
    seen[done ? 'done' : 'refused'] += 1;
    const far = distance(...([graph, after].map((g) => runReference(g, feeds)) as [Outputs, Outputs]));
    if (far !== 0) wrong.push(`${name}: ${far} apart`);
    const result = apply(op, values, attrs, env);
    const shuffled = values.map((x, i) => (rowed[i] ? shuffledRows(x, lead) : x));
    const perRow = equalTensors(apply(op, shuffled, attrs, env), shuffledRows(result, lead));
    if (perRow !== done) wrong.push(`${name}: ${done ? 'done' : 'refused'}; ${lines}`);
    if (!done && !lines.some((l) => l.startsWith(`refused: ${op}, since `)))
      wrong.push(`${name}: says nothing`);
  }
  assert.equal(wrong, []);
  assert.ok(seen.done > 40 && seen.refused > 15, JSON.stringify(seen));
});

test.run();
