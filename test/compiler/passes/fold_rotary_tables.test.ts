import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { fold_rotary_tables } from '../../../compiler/passes/index.ts';
import { tensor } from '../../../spec/tensor.ts';
import { B, sketch, T, typed } from '../tiny_graph.ts';
import { moved, runPass } from './run_pass.ts';

interface Table {
  readonly freqs?: readonly number[];
  readonly length?: number;
  readonly rounded?: 'bfloat16' | null;
  readonly magnitude?: number;
}

/** Cosines of each table and the sines of the first, in two layers. */
function rotations(...tables: readonly Table[]): Graph {
  const s = sketch();
  const places = s.input('position_ids', typed('int64', B, T));
  tables.forEach(({ freqs = [1, 0.25], length = 9, rounded = null, magnitude = 1 }, i) => {
    s.in(`h.${i}`);
    const attrs = { freqs, length, rounded, magnitude };
    const cos = s.op('rotary_table', [places], { part: 'cos', ...attrs });
    s.output(`cos.${i}`, s.w.neg(cos));
    if (i === 0) s.output('sin', s.op('rotary_table', [places], { part: 'sin', ...attrs }));
  });
  return s.finish();
}
const feeds = { position_ids: tensor('int64', [2, 3], [0, 1, 2, 8, 7, 3]) };

test('cosines and sines become rows of tables', () => {
  const before = rotations({});
  const { text, lines, graph } = runPass(fold_rotary_tables, before);
  assert.is(
    text,
    `%0 = input name="position_ids": int64[B, T]
%1 = table freqs=[1, 0.25] length=9 magnitude=1 name="rotary.cos" part="cos" rounded=null: float32[9, 2]  # h.0
%2 = gather(%1, %0): float32[B, T, 2]  # h.0
%3 = reshape(%2) shape=[B, T, 1, 2]: float32[B, T, 1, 2]  # h.0
%4 = neg(%3): float32[B, T, 1, 2]  # h.0
%5 = table freqs=[1, 0.25] length=9 magnitude=1 name="rotary.sin" part="sin" rounded=null: float32[9, 2]  # h.0
%6 = gather(%5, %0): float32[B, T, 2]  # h.0
%7 = reshape(%6) shape=[B, T, 1, 2]: float32[B, T, 1, 2]  # h.0
output cos.0 = %4
output sin = %7`,
  );
  assert.equal(lines, ['rotary.cos: 9 positions of 2 pairs', 'rotary.sin: 9 positions of 2 pairs']);
  assert.ok(moved(before, graph, feeds) < 1e-7);
  const other = runPass(fold_rotary_tables, rotations({ freqs: [1, 0.26] })).graph;
  assert.ok(moved(before, other, feeds) > 1e-3, 'another frequency is noticed');
});

test('rounding and magnitude are those of the source', () => {
  for (const table of [{ rounded: 'bfloat16' }, { magnitude: 1.25 }] satisfies Table[]) {
    const before = rotations(table);
    const { graph } = runPass(fold_rotary_tables, before);
    assert.ok(moved(before, graph, feeds) < 1e-7);
    assert.ok(moved(rotations({}), graph, feeds) > 1e-4);
  }
});

test('layers with equal tables share one, others have their own', () => {
  const { graph } = runPass(
    fold_rotary_tables,
    rotations({}, {}, { freqs: [1, 0.5] }, { rounded: 'bfloat16' }),
  );
  const names = graph.nodes.filter((n) => n.op === 'table').map((n) => n.attrs['name']);
  assert.equal(names, ['rotary.cos', 'rotary.sin', 'rotary.1.cos', 'rotary.2.cos']);
});

test('a table never takes the name of a parameter', () => {
  const s = sketch();
  const places = s.input('position_ids', typed('int64', B, T));
  const attrs = { part: 'sin', freqs: [1], length: 9, rounded: null, magnitude: 1 };
  s.output('y', s.w.mul(s.op('rotary_table', [places], attrs), s.param('rotary.sin', [1])));
  const { graph } = runPass(fold_rotary_tables, s.finish());
  assert.is(graph.nodes.find((n) => n.op === 'table')?.attrs['name'], 'rotary.1.sin');
});

test('a table that cannot be stored is computed when running, and the reason is said', () => {
  for (const [length, reason] of [
    [Number.POSITIVE_INFINITY, 'a table of length Infinity cannot be stored'],
    [2 ** 28, 'a table of 536870912 numbers is computed at run time instead'],
  ] as const) {
    const before = rotations({ length });
    const { graph, lines } = runPass(fold_rotary_tables, before);
    assert.is(graph.nodes.length, before.nodes.length);
    assert.equal([...new Set(lines)], [`refused: ${reason}`]);
  }
});

test.run();
