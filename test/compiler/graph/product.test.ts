/** Which ops are products with weights: what scales a row of the first operand scales that row of the result. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Node } from '../../../compiler/graph/ir.ts';
import { isProduct, weightsOf } from '../../../compiler/graph/product.ts';
import { fold_weights, keep_in_range } from '../../../compiler/passes/index.ts';
import { constant, size } from '../../../spec/dim.ts';
import { empty, product, type Tensor } from '../../../spec/tensor.ts';
import { addOps } from '../added_ops.ts';
import { apply, type Call, calls, equalTensors } from '../op_calls.ts';
import { B, sketch, T, typed } from '../tiny_graph.ts';

await addOps();

/** As a node whose inputs are the first nodes of a graph. */
function nodeOf({ op, attrs, type, types }: Call) {
  const inputs = types.map((_, i) => i);
  const node: Node = { id: types.length, op, attrs, type, inputs };
  const given = types.map((t, id): Node => ({ id, op: 'input', attrs: {}, type: t, inputs: [] }));
  return { node, of: (id: number): Node => given[id]! };
}

/** Each row times a power of two of its own. */
function scaled(x: Tensor, powers: readonly number[]): Tensor {
  const y = empty(x.dtype, x.shape);
  const width = x.shape.at(-1)!;
  for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[i]! * powers[Math.floor(i / width)]!;
  return y;
}

test('a product scales with the rows of its first operand, and the ops that are products are these', () => {
  const found = new Set<string>();
  for (const call of calls()) {
    const { node, of } = nodeOf(call);
    if (!isProduct(node, of)) continue;
    found.add(call.op);
    const { op, attrs, env, values } = call;
    const [x, ...more] = values as [Tensor];
    const result = apply(op, values, attrs, env);
    const rows = (of_: Tensor): number => product(of_.shape.slice(0, -1));
    if (rows(x) !== rows(result)) continue; // one row stands for several
    const powers = Array.from({ length: rows(x) }, (_, i) => 2 ** (i % 5));
    const made = apply(op, [scaled(x, powers), ...more], attrs, env);
    assert.ok(equalTensors(made, scaled(result, powers)), call.name);
    assert.ok(rows(x) < 2 || !equalTensors(made, scaled(result, powers.toReversed())), call.name);
  }
  assert.equal([...found].sort(), ['expert_matmul', 'linear', 'matmul', 'projected']);
});

test('weights are the operands with the columns of the result', () => {
  const axes = new Map<string, string>();
  for (const call of calls()) {
    const { node, of } = nodeOf(call);
    if (!isProduct(node, of) || call.types.length !== 2) continue;
    axes.set(
      call.op,
      weightsOf(node, of)
        .map(({ id, axis }) => `${id} at ${axis}`)
        .join(),
    );
  }
  assert.equal(Object.fromEntries(axes), {
    matmul: axes.get('matmul'),
    linear: '1 at 0',
    projected: '1 at 0',
  });
  assert.match(axes.get('matmul')!, /^1 at \d$/);
});

test('a product of an added op is kept in range, and its weight is sliced, as those of linear are', () => {
  for (const op of ['linear', 'projected']) {
    const s = sketch();
    const x = s.input('x', typed('float16', B, T, 6));
    const squared = s.op('mul', [x, x]);
    s.output('y', s.op(op, [squared, s.param('w', [4, 6], 'float16')]));
    const kept = keep_in_range.run(s.finish(), { trace: () => {} });
    assert.is(kept.nodes.filter((n) => n.op === 'reduce_max').length, 1, op);

    const t = sketch();
    const given = t.input('x', typed('float32', B, T, 6));
    const whole = t.op(op, [given, t.param('w', [4, 6])]);
    const { shape } = t.builder.node(whole).type;
    t.output('y', t.op('slice', [whole], { axis: 2, start: size(1), stop: shape[2]!, step: 1 }));
    const cut = fold_weights.run(t.finish(), { trace: () => {} });
    assert.equal(
      cut.nodes.filter((n) => n.op === 'param').map((n) => n.type.shape.map(constant)),
      [[3, 6]],
      op,
    );
  }
});

test.run();
