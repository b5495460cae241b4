/** Where values come from, held to what the ops take: a leaf is computed from nothing, and everything else from its operands. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isUnplaced, structural } from '../../../compiler/graph/ir.ts';
import { hasProducts } from '../../../compiler/graph/product.ts';
import { valueSource } from '../../../compiler/graph/value_source.ts';
import { isCallable, isComputed } from '../../../runtime/verify/trace.ts';
import { size } from '../../../spec/dim.ts';
import { ops } from '../../../spec/ops/index.ts';
import { isPrimitive, primitives } from '../../../spec/primitives/index.ts';
import { addOps } from '../added_ops.ts';
import { calls } from '../op_calls.ts';
import { sketch, typed } from '../tiny_graph.ts';

await addOps();

test('a primitive without operands is a constant or a size, and all others are computed', () => {
  for (const op of Object.keys(primitives).filter(isPrimitive)) {
    const { arity } = primitives[op];
    const attrs = op === 'size' ? { dim: size(3) } : op === 'iota' ? { size: size(3) } : {};
    const leaf = op === 'size' || op === 'iota' ? 'sizes' : 'attributes';
    assert.is(valueSource({ op, attrs }), arity === 0 ? leaf : 'operands', op);
  }
});

test('the verifier, which loads nothing of the graph, goes by the same', () => {
  for (const op of [...structural, ...Object.keys(primitives), ...Object.keys(ops)])
    assert.is(isComputed({ op }), valueSource({ op, attrs: {} }) === 'operands', op);
  for (const op of structural) {
    const input = { name: 'input_ids', type: typed('int64', 2) };
    const nodes = [{ id: 0, op, inputs: [], attrs: {}, type: input.type }];
    const graph = { ...sketch().finish(), nodes, inputs: [input] };
    assert.is(isCallable(graph), !isUnplaced({ op }), op);
  }
});

test('what a graph is given is not computed, and names that tables inherit are no ops of ours', () => {
  const computed = structural.filter((op) => isComputed({ op }));
  assert.equal(computed, ['cache', 'delay', 'scan', 'result']);
  for (const op of [...Object.keys(ops), 'an_op_of_a_plugin', 'toString'])
    assert.is(valueSource({ op, attrs: {} }), 'operands', op);
});

test('the ops that multiply with matrices are found by their steps', () => {
  const found = new Set<string>();
  for (const { op, attrs, types } of calls()) {
    const s = sketch(op);
    const inputs = types.map((type, i) => s.input(`x${i}`, type));
    s.output('y', s.op(op, inputs, attrs));
    const { nodes, outputs } = s.finish();
    if (hasProducts(nodes[outputs[0]!.node]!, (id) => nodes[id]!)) found.add(op);
  }
  assert.equal([...found].sort(), ['attention', 'expert_matmul', 'linear', 'matmul', 'projected']);
});

test.run();
