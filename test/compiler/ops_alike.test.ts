/** Ops that differ in their formula alone get the same graphs: what is done around an op follows from what it means. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flatten_rows } from '../../backends/onnx/flatten_rows.ts';
import { check } from '../../compiler/build.ts';
import { compile } from '../../compiler/compile.ts';
import type { Graph } from '../../compiler/graph/ir.ts';
import { stack_weights } from '../../compiler/passes/index.ts';
import { parse } from '../../spec/parse.ts';
import type { GraphDType } from '../../spec/type.ts';
import { addOps } from './added_ops.ts';

await addOps();

/** A layer with a gate, a mixture, and a head after them, all with one activation. */
const model = (act: string): string => `
fn by_hand(x) = x / (1 + abs(x))
block Expert(n) {
  up: Linear(n, 2 * n, bias=true)
  down: Linear(2 * n, n)
  forward(x) = down(${act}(up(x)))
}
model m {
  config { dim = 8 }
  wte: Embedding(11, dim)
  gate: Linear(dim, 2 * dim)
  up: Linear(dim, 2 * dim)
  down: Linear(2 * dim, dim)
  router: Linear(dim, 4)
  expert[4]: Expert(dim)
  head: Linear(dim, 11)
  forward(tokens: int64[B, T]) -> logits: [B, T, 11] {
    x = wte(tokens)
    y = x + down(${act}(gate(x)) * up(x))
    p = softmax(router(y))
    p = where(is_top(p, 2), p, 0)
    z = y + sum([${act}(p[..., e:e+1] * f(y)) for e, f in expert])
    return head(${act}(z))
  }
}
`;

function compiled(act: string, compute: GraphDType = 'float32') {
  const lines: string[] = [];
  const { value, diagnostics } = compile({
    source: { name: 'm.nanospec', text: model(act) },
    include: () => undefined,
    cache: 'dynamic',
    logits: 'last',
    storage: compute,
    compute,
    backendPasses: [stack_weights, flatten_rows],
    trace: (pass, line) => lines.push(`${pass}: ${line}`),
  });
  return { graph: value!.graph, lines, warnings: diagnostics.map(({ message }) => message) };
}

/** Ops with the ranks of their results and how many tokens they see, in no order. */
const shapeOf = ({ nodes }: Graph, act: string): readonly string[] =>
  nodes
    .map(({ op, type }) => `${op === act ? 'act' : op} [${type.shape.map((d) => d.key)}]`)
    .filter((line) => !line.startsWith('scalar'))
    .sort();

test('an added op gets every transformation that silu gets, and the same nodes', () => {
  for (const compute of ['float32', 'float16'] as const) {
    const known = shapeOf(compiled('silu', compute).graph, 'silu');
    assert.is(known.filter((line) => line.startsWith('act')).length, 4);
    assert.is(known.filter((line) => line.startsWith('expert_matmul')).length, 2);
    for (const act of ['softsign', 'shrink', 'gelu', 'gelu_tanh', 'relu'])
      assert.equal(shapeOf(compiled(act, compute).graph, act), known, `${act} in ${compute}`);
    // It says how it is found again, and so it is.
    assert.equal(shapeOf(compiled('by_hand', compute).graph, 'softsign'), known, `by hand in ${compute}`);
  }
});

test('one that mixes tokens does not, and what stops it is said', () => {
  const { graph, lines, warnings } = compiled('centred');
  assert.equal(warnings, [
    'the experts of this sum are computed one by one, for every token: ' +
      '`centred`: its reduce_mean: it computes tokens from each other',
  ]);
  const { value } = parse({ name: 'm.nanospec', text: model('centred') });
  const checked = check(value!, { include: () => undefined }).diagnostics;
  assert.equal(
    checked.map(({ message }) => message),
    warnings,
  );
  assert.is(graph.nodes.filter(({ op }) => op === 'centred').length, 1 + 2 * 4 + 1);
  for (const line of [
    'last_token_logits: sliced centred in the model, since it needs all places beside the one',
    'flatten_rows: refused: centred, since its reduce_mean: it changes the rows',
  ])
    assert.ok(lines.includes(line), lines.join('\n'));
  assert.equal(compiled('softsign').warnings, []);
});

test.run();
