import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import { place_cache } from '../../../compiler/passes/index.ts';
import { tableRows } from '../../../compiler/weights/table_rows.ts';
import { add } from '../../../spec/dim.ts';
import { tensor } from '../../../spec/tensor.ts';
import { tinyGpt } from '../tiny_gpt.ts';
import { apart, B, ids, noise, P, sketch, T, typed, weightsFor } from '../tiny_graph.ts';

const nothing = { values: () => new Float32Array() };
const quiet = { trace: () => {} };

/** x w^T by three plain loops. */
function product(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  rows: number,
  width: number,
  out: number,
): number[] {
  const y: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < out; o++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += x[r * width + k]! * w[o * width + k]!;
      y.push(Math.fround(sum));
    }
  }
  return y;
}

function linearGraph() {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 5));
  s.output('y', s.op('linear', [x, s.param('w', [3, 5])]));
  return s.finish();
}

test('a linear layer is the sum of products, for every number of rows', () => {
  const graph = linearGraph();
  const weights = weightsFor(graph);
  for (const rows of [1, 3, 4, 5, 9]) {
    const x = noise(rows, 'float32', 1, rows, 5);
    const { y } = evaluator(graph, weights).run({ x });
    const expected = tensor('float32', [1, rows, 3], product(x.data, weights.values('w'), rows, 5, 3));
    assert.is(apart(y, expected), 0);
    const bent = weights.values('w');
    bent[7]! += 1e-3;
    assert.ok(apart(evaluator(graph, { values: () => bent }).run({ x })['y'], expected) > 1e-6);
  }
});

test('sums are kept in double: a small number between two large ones survives', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', 1, 3));
  s.output('sum', s.w.sum(x, 1));
  s.output('dot', s.op('linear', [x, s.param('ones', [1, 3])]));
  const ones = { values: () => Float32Array.of(1, 1, 1) };
  const large = 2 ** 30;
  const { sum, dot } = evaluator(s.finish(), ones).run({ x: tensor('float32', [1, 3], [large, 1, -large]) });
  assert.equal([...sum!.data, ...dot!.data], [1, 1]);
  assert.is(Math.fround(Math.fround(large + 1) - large), 0, 'in float32 it would be lost');
});

test('narrow results are rounded to their dtype', () => {
  const s = sketch();
  const x = s.input('x', typed('bfloat16', 1, 2));
  s.output('y', s.op('linear', [x, s.param('w', [1, 2], 'bfloat16')]));
  // 1 + 2**-8 lies between two bfloat16 numbers, and 1.0078125 is the next above 1.
  const run = (a: number) =>
    evaluator(s.finish(), { values: () => Float32Array.of(1, 1) }).run({
      x: tensor('bfloat16', [1, 2], [1, a]),
    });
  assert.is(run(2 ** -8)['y']!.data[0], 1);
  assert.is(run(2 ** -7)['y']!.data[0], 1.0078125);
});

test('composites are what they decompose into', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', 1, 3));
  s.output('norm', s.op('rms_norm', [x], { eps: 0 }));
  s.output('soft', s.op('softmax', [x]));
  const { norm, soft } = evaluator(s.finish(), nothing).run({ x: tensor('float32', [1, 3], [1, 2, 2]) });
  const power = Math.sqrt((1 + 4 + 4) / 3);
  const total = Math.E + 2 * Math.E ** 2;
  [1, 2, 2].forEach((v, i) => {
    assert.ok(Math.abs(norm!.data[i]! - v / power) < 1e-6);
    assert.ok(Math.abs(soft!.data[i]! - Math.exp(v) / total) < 1e-6);
  });
});

test('sizes are solved from the feeds, sums included', () => {
  const s = sketch();
  const past = s.input('past', typed('float32', B, add(P, T)));
  s.input('x', typed('float32', B, T));
  s.output('p', s.e.make('size', [], { dim: P }));
  s.output('n', s.e.make('iota', [], { size: add(P, T) }));
  s.output('past', past);
  const machine = evaluator(s.finish(), nothing);
  const run = (p: number, t: number) =>
    machine.run({ past: noise(1, 'float32', 2, p + t), x: noise(2, 'float32', 2, t) });
  assert.equal([...run(3, 2)['p']!.data], [3]);
  assert.equal([...run(0, 2)['p']!.data], [0]);
  assert.equal([...run(1, 2)['n']!.data], [0, 1, 2]);
});

test('a feed that does not fit is named with what was expected', () => {
  const s = sketch();
  s.input('a', typed('int64', B, T));
  s.output('y', s.input('b', typed('float32', B, T, 2)));
  const machine = evaluator(s.finish(), nothing);
  const [a, b] = [ids(1, 5, 1, 3), noise(1, 'float32', 1, 3, 2)];
  const message = (feeds: Parameters<typeof machine.run>[0]): string => {
    try {
      machine.run(feeds);
    } catch (cause) {
      return cause instanceof TypeError ? cause.message : `not a TypeError: ${cause}`;
    }
    return 'accepted';
  };
  assert.is(message({ a, b }), 'accepted');
  assert.is(message({ a }), 'the input b is missing: float32[B, T, 2]');
  assert.is(message({ a, b, c: a }), 'no input is named c; inputs are a, b');
  assert.is(message({ a, b: a }), 'input b: expected float32[B, T, 2], found int64[1, 3]');
  assert.is(
    message({ a, b: noise(1, 'float32', 1, 4, 2) }),
    'input b: a size is 4, expected T of float32[B, T, 2], and T = 3',
  );
  assert.is(
    message({ a, b: noise(1, 'float32', 1, 3, 3) }),
    'input b: a size is 3, expected 2 of float32[B, T, 2]',
  );
  const short = { ...a, data: Float64Array.of(1) };
  assert.is(
    message({ a: short, b }),
    'input a: expected 3 numbers in a Float64Array, found 1 in Float64Array',
  );
  const ints = { ...b, data: Float64Array.from(b.data) };
  assert.is(
    message({ a, b: ints }),
    'input b: expected 6 numbers in a Float32Array, found 6 in Float64Array',
  );
});

test('an index out of range says where in the model', () => {
  const s = sketch();
  const tokens = s.input('tokens', typed('int64', B, T));
  s.in('transformer.wte');
  s.output('y', s.op('gather', [s.param('w', [4, 2]), tokens]));
  const machine = evaluator(s.finish(), { values: () => new Float32Array(8) });
  assert.throws(
    () => machine.run({ tokens: tensor('int64', [1, 1], [4]) }),
    (e: unknown) =>
      e instanceof RangeError && e.message === 'gather in transformer.wte: index 4 is not one of 4 rows',
  );
});

test('a table gives the rows that are asked for, and no others', () => {
  const s = sketch();
  const places = s.input('places', typed('int64', B, T));
  const attrs = {
    part: 'sin',
    freqs: [1, 0.25],
    magnitude: 1,
    rounded: null,
    length: 9,
    name: 'rotary.sin',
  } as const;
  const table = s.builder.leaf('table', [], attrs, typed('float32', 9, 2), []);
  s.output('rows', s.op('gather', [table, places]));
  s.output('table', table);
  const run = (p: number) => evaluator(s.finish(), nothing).run({ places: tensor('int64', [1, 1], [p]) });
  assert.equal([...run(8)['rows']!.data], [Math.fround(Math.sin(8)), Math.fround(Math.sin(2))]);
  assert.equal([...run(0)['table']!.data], [...tableRows(attrs, 0, 9)]);
  assert.throws(() => run(9), /position 9 is not one of the 9 of rotary.sin/);
});

test('weights are read when needed, once in a call, and kept for the next', () => {
  const graph = linearGraph();
  const read: string[] = [];
  const machine = evaluator(graph, {
    values(name) {
      read.push(name);
      return weightsFor(graph).values(name);
    },
  });
  assert.equal(read, []);
  machine.run({ x: noise(1, 'float32', 1, 2, 5) });
  machine.run({ x: noise(2, 'float32', 1, 2, 5) });
  assert.equal(read, ['w']);
});

test('the tap sees every value of the graph, in an order in which inputs come first', () => {
  const graph = place_cache({ cache: 'none' }).run(tinyGpt(), quiet);
  const seen = new Map<number, string>();
  evaluator(graph, weightsFor(graph)).run(
    { input_ids: ids(3, 11, 1, 4) },
    {
      tap(node, value) {
        assert.not(seen.has(node.id));
        for (const input of node.inputs) assert.ok(seen.has(input));
        seen.set(node.id, value.shape.join());
      },
    },
  );
  assert.is(seen.size, graph.nodes.length);
  assert.is(seen.get(graph.outputs[0]!.node), '1,4,10');
});

test('a graph whose ports are not placed has no value', () => {
  const graph = tinyGpt();
  assert.throws(
    () => evaluator(graph, weightsFor(graph)).run({ tokens: ids(3, 11, 1, 4) }),
    /place the ports first/,
  );
});

test.run();
