/** Scans against a recurrence computed in the test: the numbers, states from call to call, padding, targets. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from '../../../compiler/build.ts';
import { checkGraph } from '../../../compiler/check/ir_check.ts';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { bodyFrom, scanOf } from '../../../compiler/graph/scan_body.ts';
import { place_cache } from '../../../compiler/passes/index.ts';
import { parse } from '../../../spec/parse.ts';
import { type Tensor, tensor } from '../../../spec/tensor.ts';
import { said } from '../../spec/elaborate/refused.ts';
import { runPass } from '../passes/run_pass.ts';

const text = `
model m {
  config { dim = 3 }
  wte: Embedding(5, dim)
  rate: [dim]
  fn step(h: [B, dim] = 2, n: [B, 1] = 3, x) {
    h = rate * h + x
    n = n + 1
    return h, n, h * n, x
  }
  forward(tokens: int64[B, T]) -> y: [B, T, dim] {
    y, same = scan(step, wte(tokens))
    return y + same
  }
}
`;

const table = [0.5, -1, 2, 1, 0, -0.5, 0.25, 3, -2, 1.5, 1, 1, -1, -1, 0.5];
const rate = [0.5, 0.25, -1];
const weights = { values: (name: string) => Float32Array.from(name === 'rate' ? rate : table) };

/** The recurrence by hand, from states before to states after. */
function expected(tokens: readonly number[], h = [2, 2, 2], n = 3) {
  const y: number[] = [];
  let [state, count] = [h, n];
  for (const id of tokens) {
    const x = table.slice(3 * id, 3 * id + 3);
    state = state.map((s, i) => rate[i]! * s + x[i]!);
    count += 1;
    y.push(...state.map((s, i) => s * count + x[i]!));
  }
  return { y, h: state, n: count };
}

function graphOf(form: Parameters<typeof place_cache>[0]): Graph {
  const { graph, diagnostics } = build(parse({ name: 'm.nanospec', text }).value!, {
    include: () => undefined,
  });
  assert.is(said(diagnostics), '');
  const { graph: placed } = runPass(place_cache(form), graph!);
  checkGraph(placed);
  return placed;
}

const apart = ({ data }: Tensor, wanted: readonly number[]): number =>
  Math.max(...wanted.map((x, i) => Math.abs(data[i]! - x)));

const close = (found: Tensor, wanted: readonly number[]): void => {
  assert.is(found.data.length, wanted.length);
  assert.ok(apart(found, wanted) < 1e-5, `${[...found.data]}, not ${wanted}`);
};

test('one token after the other, from the start that was asked for', () => {
  const run = evaluator(graphOf({ cache: 'none', padded: false }), weights);
  const out = run.run({ input_ids: tensor('int64', [2, 4], [1, 2, 3, 4, 0, 0, 4, 1]) });
  close(out['y']!, [...expected([1, 2, 3, 4]).y, ...expected([0, 0, 4, 1]).y]);
  assert.ok(apart(out['y']!, [...expected([1, 2, 3, 4]).y, ...expected([0, 0, 4, 2]).y]) > 0.1);
});

const call = (
  real: readonly number[],
  positions: readonly number[],
  past: number,
  tokens: readonly number[],
) => ({
  input_ids: tensor('int64', [1, tokens.length], tokens),
  attention_mask: tensor('int64', [1, past + tokens.length], real),
  position_ids: tensor('int64', [1, tokens.length], positions),
});

test('a mistake inside a step is said, and no graph is made', () => {
  const program = parse({
    name: 'm.nanospec',
    text: text.replace('n: [B, 1] = 3, x)', 'n: [B, 1] = 3, rate)'),
  });
  const { graph, diagnostics } = build(program.value!, { include: () => undefined });
  assert.is(graph, undefined);
  assert.match(said(diagnostics), 'N203');
});

test('states go from call to call, and pads leave them as they are', () => {
  const graph = graphOf({ cache: 'dynamic' });
  assert.equal(
    graph.ports.map((p) => `${p.input} ${p.rule} ${p.fill}`),
    ['past_state.h replace 2', 'past_state.n replace 3'],
  );
  const run = evaluator(graph, weights);
  const start = {
    'past_state.h': tensor('float32', [1, 3], [2, 2, 2]),
    'past_state.n': tensor('float32', [1, 1], [3]),
  };
  const first = run.run({ ...call([0, 1, 1], [0, 0, 1], 0, [3, 1, 2]), ...start });
  const before = expected([1, 2]);
  close(first['present_state.h']!, before.h);
  close(first['present_state.n']!, [before.n]);
  const states = {
    'past_state.h': first['present_state.h']!,
    'past_state.n': first['present_state.n']!,
  };
  const second = run.run({ ...call([0, 1, 1, 1], [2], 3, [4]), ...states });
  close(second['y']!, expected([1, 2, 4]).y.slice(-3));
});

test('a step that keeps another type than it is given is a broken graph', () => {
  const graph = graphOf({ cache: 'none', padded: false });
  const nodes = graph.nodes.map((node) => {
    if (node.op !== 'scan') return node;
    const scan = scanOf(node);
    const { outputs } = scan.body.graph;
    const crossed = { ...scan.body.graph, outputs: [outputs[1]!, outputs[0]!, ...outputs.slice(2)] };
    return { ...node, attrs: { ...node.attrs, body: bodyFrom(crossed) } };
  });
  assert.throws(() => checkGraph({ ...graph, nodes }), /a state float32\[B, 3\] becomes float32\[B, 1\]/);
});

test.run();
