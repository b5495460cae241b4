import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Graph, NodeId } from '../../../compiler/graph/ir.ts';
import { fold_weights, fold_weights_as_stored } from '../../../compiler/passes/index.ts';
import { weightSource } from '../../../compiler/weights/weight_source.ts';
import { size } from '../../../spec/dim.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { B, dims, distance, noise, sketch, T, typed } from '../tiny_graph.ts';
import { runPass } from './run_pass.ts';

type Sketch = ReturnType<typeof sketch>;

const graphOf = (build: (s: Sketch, x: NodeId) => NodeId): Graph => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 4));
  s.output('y', build(s, x));
  return s.finish();
};

const feeds = { x: noise(3, 'float32', 2, 3, 4) };

/** With the weights as the compiler streams them, random by the parameter's own name and index. */
const run = (graph: Graph, seed = 0): Readonly<Record<string, Tensor>> =>
  evaluator(graph, weightSource({ graph, storage: 'float32', seed })).run(feeds);

/** Runs the pass and checks that no number changes, and that other weights would change them. */
function fold(graph: Graph) {
  const ran = runPass(fold_weights, graph);
  assert.is(distance(run(graph), run(ran.graph)), 0);
  assert.ok(distance(run(graph), run(ran.graph, 1)) > 1e-3);
  return ran;
}

const params = (graph: Graph): readonly string[] =>
  graph.nodes
    .filter((n) => n.op === 'param')
    .map(({ attrs, type }) => `${String(attrs['name'])} [${type.shape.map((d) => d.terms[0]?.n ?? 0)}]`);

type Range = readonly [from: number, to: number, step?: number];
const cut = (s: Sketch, x: NodeId, axis: number, [from, to, step = 1]: Range): NodeId =>
  s.op('slice', [x], { axis, start: size(from), stop: size(to), step });
const plain = (s: Sketch, x: NodeId, value: number): NodeId => s.w.scalar(value, x);

test('rows that a product is cut down to are the only ones kept', () => {
  const { text, lines } = fold(
    graphOf((s, x) => cut(s, s.op('linear', [x, s.param('head', [8, 4])]), 2, [1, 6])),
  );
  assert.is(
    text,
    `%0 = input name="x": float32[B, T, 4]
%1 = param apply=[] dtype="float32" name="head" of="head" start=4 strides=[4, 1] whole=[8, 4]: float32[5, 4]
%2 = linear(%0, %1): float32[B, T, 5]
output y = %2`,
  );
  assert.equal(lines, ['head: one view kept']);
});

test('so are columns of a matrix that is not turned', () => {
  const { graph } = fold(graphOf((s, x) => cut(s, s.op('matmul', [x, s.param('w', [4, 6])]), 2, [0, 5, 2])));
  assert.equal(params(graph), ['w [4,3]']);
  assert.not.ok(graph.nodes.some((n) => n.op === 'slice'));
});

test('a product with a transposed matrix reads the matrix as it lies', () => {
  const { graph } = fold(
    graphOf((s, x) => cut(s, s.op('matmul', [x, s.w.transpose(s.param('w', [6, 4]), [1, 0])]), 2, [0, 5])),
  );
  assert.equal(
    graph.nodes.map((n) => n.op),
    ['input', 'param', 'linear'],
  );
});

test('entries of a list of numbers become numbers with the name of their place', () => {
  const { graph, lines } = fold(
    graphOf((s, x) => {
      const list = s.param('lambdas', [3]);
      const entry = (i: number): NodeId => s.w.reshape(cut(s, list, 0, [i, i + 1]), []);
      return s.w.add(s.w.mul(x, entry(0)), s.w.mul(x, entry(2)));
    }),
  );
  assert.equal(params(graph), ['lambdas[0] []', 'lambdas[2] []']);
  assert.equal(lines, ['lambdas: 2 views kept']);
});

test('arithmetic with numbers is done while bytes flow', () => {
  const { graph } = fold(
    graphOf((s, x) => {
      const w = s.param('norm', [4]);
      const up = s.w.sub(plain(s, w, 3), s.w.mul(s.w.add(plain(s, w, 1), w), plain(s, w, 2)));
      return s.w.mul(x, s.w.tanh(up));
    }),
  );
  assert.equal(graph.nodes.find((n) => n.op === 'param')?.attrs['apply'], [
    ['add', 'float32', 1, 'left'],
    ['mul', 'float32', 2, 'right'],
    ['sub', 'float32', 3, 'left'],
    ['tanh', 'float32'],
  ]);
});

test('slices, turns and new shapes of one another are one view', () => {
  const { graph } = fold(
    graphOf((s, x) => {
      const w = s.param('w', [2, 6, 4]);
      const middle = s.w.transpose(cut(s, w, 1, [1, 6, 2]), [2, 0, 1]); // [4, 2, 3]
      const split = s.w.reshape(middle, [2, 2, 2, 3].map(size));
      return s.w.add(x, s.w.reshape(cut(s, cut(s, split, 2, [1, 2]), 3, [2, 3]), [size(4)]));
    }),
  );
  assert.equal(params(graph), ['w [4]']);
});

test('what cannot be walked with strides stays an operation', () => {
  const { graph, lines } = fold(
    graphOf((s, x) =>
      s.w.add(x, cut(s, s.w.reshape(s.w.transpose(s.param('w', [2, 3]), [1, 0]), [size(6)]), 0, [0, 4])),
    ),
  );
  assert.match(lines[0]!, /refused: w cannot be walked as \[6\] after it was moved apart/);
  assert.equal(params(graph), ['w [3,2]']);
});

test('a weight that would be stored twice stays whole', () => {
  const s = sketch();
  const x = s.input('x', typed('float32', B, T, 4));
  const w = s.param('wte', [20_000, 4]);
  s.output('y', cut(s, s.op('linear', [x, w]), 2, [0, 9_000]));
  s.output('z', s.w.mul(w, w));
  const graph = s.finish();
  const { lines, text } = runPass(fold_weights, graph);
  assert.equal(lines, ['refused: wte is used elsewhere as it is']);
  assert.match(text, /slice/);
  const twice = graphOf((b, y) => {
    const v = b.param('v', [20_000, 4]);
    return b.w.add(b.w.sum(b.op('linear', [y, v]), 2), b.w.sum(b.op('linear', [y, b.w.neg(v)]), 2));
  });
  assert.match(
    runPass(fold_weights, twice).lines[0]!,
    /refused: 2 views of v would take 640000 bytes instead of 320000/,
  );
});

test('a product that is used whole as well stays whole', () => {
  const { lines } = fold(
    graphOf((s, x) => {
      const whole = s.op('linear', [x, s.param('w', [8, 4])]);
      return s.w.add(cut(s, whole, 2, [0, 4]), cut(s, whole, 2, [4, 8]));
    }),
  );
  assert.equal(lines, [
    'refused: the whole product with w is used too',
    'refused: the whole product with w is used too',
  ]);
});

test('a cast that widens is left to the run, one that narrows is not', () => {
  const wide = graphOf((s, x) => s.w.mul(x, s.w.cast(s.param('w', [4], 'bfloat16'), 'float32')));
  assert.equal(runPass(fold_weights, wide).lines, ['refused: w would be stored as float32, which is wider']);
  const narrow = graphOf((s, x) => s.w.mul(x, s.w.cast(s.w.cast(s.param('w', [4]), 'bfloat16'), 'float32')));
  const { graph } = fold(narrow);
  assert.is(graph.nodes.find((n) => n.op === 'param')?.type.dtype, 'bfloat16');
});

test('two parameters together stay an operation', () => {
  const before = graphOf((s, x) => s.w.mul(x, s.w.add(s.param('a', [4]), s.param('b', [4]))));
  assert.equal(fold(before).graph.nodes.length, before.nodes.length);
});

test('where parameters are stored in fewer bits, views fold and arithmetic stays', () => {
  const graph = graphOf((s, x) => {
    const w = s.param('w', [4]);
    return s.w.add(s.w.mul(x, s.w.add(plain(s, w, 1), w)), cut(s, s.param('v', [8]), 0, [2, 6]));
  });
  const { graph: folded } = runPass(fold_weights_as_stored, graph);
  assert.equal(params(folded), ['w [4]', 'v [4]']);
  assert.equal(folded.nodes.filter((n) => n.op === 'scalar').length, 1);
  assert.is(distance(run(graph), run(folded)), 0);
  assert.ok(distance(run(graph), run(folded, 1)) > 1e-3);
  assert.equal(runPass(fold_weights, graph).graph.nodes.filter((n) => n.op === 'scalar').length, 0);
});

const wide = (s: Sketch, x: NodeId, ...shape: number[]): NodeId =>
  s.op('broadcast', [x], { shape: shape.map(size) });

test('a weight that is repeated is kept so, while that takes few bytes', () => {
  const { graph, lines } = fold(
    graphOf((s, x) => {
      const rows = wide(s, s.w.reshape(s.param('w', [2, 2]), dims([1, 4])), 3, 4);
      return s.op('linear', [x, s.w.add(rows, plain(s, rows, 1))]);
    }),
  );
  assert.equal(
    graph.nodes.map((n) => n.op),
    ['input', 'param', 'linear'],
  );
  assert.equal(lines, ['w: one view kept']);
});

test('repeated too often it stays as it is, and its other views are kept', () => {
  const { graph, lines } = fold(
    graphOf((s, x) => {
      const w = s.param('w', [1, 4]);
      const turned = s.w.add(s.w.transpose(w, [1, 0]), plain(s, w, 1));
      return s.w.add(s.op('linear', [x, wide(s, w, 9000, 4)]), s.op('matmul', [x, turned]));
    }),
  );
  assert.ok(graph.nodes.some((n) => n.op === 'broadcast'));
  assert.equal(lines, ['refused: w would take too many bytes when it is stretched', 'w: 2 views kept']);
});

test('repeated for each row of the batch it stays in the graph, which is said', () => {
  const { lines } = fold(
    graphOf((s, x) => s.w.add(x, s.op('broadcast', [s.param('w', [4])], { shape: [B, T, size(4)] }))),
  );
  assert.equal(lines, ['refused: w is stretched to a size known only when running']);
});

test.run();
