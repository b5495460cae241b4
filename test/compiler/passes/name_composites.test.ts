import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../../compiler/compile.ts';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Graph, NodeId } from '../../../compiler/graph/ir.ts';
import { name_composites } from '../../../compiler/passes/index.ts';
import { allowed } from '../../../runtime/verify/tolerance.ts';
import { size } from '../../../spec/dim.ts';
import { isComposite, opOf } from '../../../spec/ops/index.ts';
import { apart, B, dims, ids, noise, sketch, T, typed } from '../tiny_graph.ts';
import { moved, runPass } from './run_pass.ts';

type Sketch = ReturnType<typeof sketch>;

/** The graph of a function of x [B, T, 6] that a spec writes out. */
function written(body: (x: NodeId, s: Sketch) => NodeId, dtype: 'float32' | 'float16' = 'float32'): Graph {
  const s = sketch();
  const x = s.input('x', typed(dtype, B, T, 6));
  s.in('h.0.norm');
  s.output('y', body(x, s));
  return s.finish();
}

const feeds = { x: noise(3, 'float32', 2, 3, 6) };
const rms = (x: NodeId, s: Sketch, axis = 2): NodeId =>
  s.w.mul(x, s.w.rsqrt(s.w.add(s.w.mean(s.w.mul(x, x), axis), s.w.scalar(1e-5, x))));

test('a norm written out is named, with the epsilon that it was written with', () => {
  const before = written(rms);
  const { text, lines, graph } = runPass(name_composites, before);
  assert.is(
    text,
    `%0 = input name="x": float32[B, T, 6]
%1 = rms_norm(%0) eps=0.00001: float32[B, T, 6]  # h.0.norm
output y = %1`,
  );
  assert.equal(lines, ['rms_norm in h.0.norm']);
  assert.is(moved(before, graph, feeds), 0);
  const other = runPass(
    name_composites,
    written((x, s) => rms(s.w.mul(x, s.w.scalar(1.5, x)), s)),
  ).graph;
  assert.ok(moved(before, other, { x: noise(3, 'float32', 2, 3, 6) }) > 1e-9, 'the epsilon is seen');
});

test('every spelling of every op is recognised and keeps its numbers', () => {
  const spellings: Readonly<Record<string, readonly ((x: NodeId, s: Sketch) => NodeId)[]>> = {
    rms_norm: [
      (x, { w }) => w.div(x, w.sqrt(w.add(w.scalar(1e-5, x), w.mean(w.pow(x, w.scalar(2, x)), 2)))),
      (x, { w }) => w.mul(w.rsqrt(w.add(w.mean(w.mul(x, x), 2), w.scalar(1e-5, x))), x),
      (x, { w }) => w.mul(x, w.div(w.scalar(1, x), w.sqrt(w.add(w.mean(w.mul(x, x), 2), w.scalar(1e-5, x))))),
    ],
    layer_norm: [
      (x, { w }) => {
        const centred = w.sub(x, w.mean(x, 2));
        return w.div(centred, w.sqrt(w.add(w.mean(w.mul(centred, centred), 2), w.scalar(1e-3, x))));
      },
    ],
    softmax: [
      (x, { w }) => {
        const powers = w.exp(w.sub(x, w.largest(x, 2)));
        return w.div(powers, w.sum(powers, 2));
      },
    ],
    silu: [
      (x, { w }) => w.mul(w.sigmoid(x), x),
      (x, { w }) => w.div(x, w.add(w.exp(w.neg(x)), w.scalar(1, x))),
    ],
    gelu: [
      (x, { w }) =>
        w.mul(w.mul(x, w.add(w.erf(w.div(x, w.scalar(Math.sqrt(2), x))), w.scalar(1, x))), w.scalar(0.5, x)),
    ],
    gelu_tanh: [
      (x, { w }) => {
        const inner = w.add(x, w.mul(w.scalar(0.044715, x), w.pow(x, w.scalar(3, x))));
        const bend = w.tanh(w.mul(w.scalar(Math.sqrt(2 / Math.PI), x), inner));
        return w.mul(w.scalar(0.5, x), w.mul(x, w.add(w.scalar(1, x), bend)));
      },
      (x, { w }) => {
        const square = w.mul(w.mul(w.scalar(0.044715, x), x), x);
        const inner = w.mul(w.mul(w.scalar(0.7978845608, x), x), w.add(w.scalar(1, x), square));
        return w.mul(w.mul(w.scalar(0.5, x), x), w.add(w.scalar(1, x), w.tanh(inner)));
      },
    ],
  };
  for (const [op, forms] of Object.entries(spellings)) {
    for (const [i, form] of forms.entries()) {
      const before = written(form);
      const { graph } = runPass(name_composites, before);
      const found = graph.nodes.filter((n) => n.op !== 'input').map((n) => n.op);
      assert.equal(found, [op], `${op} ${i}`);
      assert.ok(moved(before, graph, feeds) < 1e-6, `${op} ${i}`);
      const other = runPass(
        name_composites,
        written((x, s) => form(s.w.neg(s.w.abs(x)), s)),
      ).graph;
      assert.ok(moved(before, other, feeds) > 1e-3, `${op} ${i}: another x is noticed`);
    }
  }
});

test('what decompose says is recognised for every op that can be', () => {
  for (const name of ['rms_norm', 'layer_norm', 'softmax', 'silu', 'gelu', 'gelu_tanh'] as const) {
    const attrs = name.endsWith('norm') ? { eps: 1e-6 } : {};
    for (const dtype of ['float32', 'float16'] as const) {
      const before = written((x, s) => opOf(name).decompose(s.e, [x], attrs), dtype);
      const { graph } = runPass(name_composites, before);
      assert.equal(
        graph.nodes.map((n) => n.op),
        ['input', name],
      );
    }
  }
});

/** x [B, T, 2, 8] turned by tables of `pairs` pairs. */
function turned(
  body: (s: Sketch, x: NodeId, cos: NodeId, sin: NodeId) => NodeId,
  pairs = 4,
  table: 'float32' | 'float16' = 'float32',
): Graph {
  const s = sketch();
  const x = s.input('x', typed(table, B, T, 2, 8));
  const [cos, sin] = [
    s.input('cos', typed(table, B, T, 1, pairs)),
    s.input('sin', typed(table, B, T, 1, pairs)),
  ];
  s.output('y', body(s, x, cos, sin));
  return s.finish();
}
const turns = (pairs = 4) => ({
  x: noise(4, 'float32', 2, 3, 2, 8),
  cos: noise(5, 'float32', 2, 3, 1, pairs),
  sin: noise(6, 'float32', 2, 3, 1, pairs),
});

test('rotations are recognised: halves, interleaved, partial, by minus the angle, as Llama writes it', () => {
  const half = (s: Sketch, x: NodeId, from: number): NodeId => s.w.slice(x, 3, size(from), size(from + 4));
  const forms: readonly (readonly [
    string,
    number,
    (s: Sketch, x: NodeId, c: NodeId, d: NodeId) => NodeId,
  ])[] = [
    [
      'rotary %0 %1 %2 halves',
      4,
      ({ w, ...s }, x, c, d) => {
        const [a, b] = [half({ w, ...s }, x, 0), half({ w, ...s }, x, 4)];
        return w.concat([w.sub(w.mul(c, a), w.mul(d, b)), w.add(w.mul(a, d), w.mul(c, b))], 3);
      },
    ],
    [
      'rotary %0 %1 %2 halves',
      3,
      (s, x, c, d) => opOf('rotary').decompose(s.e, [x, c, d], { pairing: 'halves' }),
    ],
    [
      'rotary %0 %1 %2 interleaved',
      3,
      (s, x, c, d) => opOf('rotary').decompose(s.e, [x, c, d], { pairing: 'interleaved' }),
    ],
    [
      'rotary %0 %1 %2 interleaved',
      4,
      ({ w }, x, c, d) => {
        const part = (i: number) => w.slice(x, 3, size(i), size(8), 2);
        const [a, b] = [part(0), part(1)];
        const both = [w.sub(w.mul(a, c), w.mul(b, d)), w.add(w.mul(a, d), w.mul(b, c))];
        const pairs = both.map((y) => w.reshape(y, dims([B, T, 2, 4, 1])));
        return w.reshape(w.concat(pairs, 4), dims([B, T, 2, 8]));
      },
    ],
    [
      'rotary %0 %1 neg halves',
      4,
      (s, x, c, d) => {
        const [a, b] = [half(s, x, 0), half(s, x, 4)];
        const { w } = s;
        return w.concat([w.add(w.mul(a, c), w.mul(b, d)), w.add(w.mul(a, w.neg(d)), w.mul(b, c))], 3);
      },
    ],
    [
      'rotary %0 %1 %2 halves',
      4,
      (s, x, c, d) => {
        const { w } = s;
        const [cos, sin] = [w.concat([c, c], 3), w.concat([d, d], 3)];
        const swapped = w.concat([w.neg(half(s, x, 4)), half(s, x, 0)], 3);
        return w.add(w.mul(x, cos), w.mul(swapped, sin));
      },
    ],
  ];
  for (const [expected, pairs, form] of forms) {
    const before = turned(form, pairs);
    const { graph } = runPass(name_composites, before);
    const last = graph.nodes.at(-1)!;
    const operands = last.inputs.map((i) => (graph.nodes[i]!.op === 'neg' ? 'neg' : `%${i}`));
    assert.is([last.op, ...operands, last.attrs['pairing']].join(' '), expected);
    assert.ok(moved(before, graph, turns(pairs)) < 1e-6, expected);
    const back = turned((s, x, c, d) => form(s, x, c, s.w.neg(d)), pairs);
    assert.ok(moved(back, graph, turns(pairs)) > 0.1, 'the sign of the sines is noticed');
  }
});

/** Every op that is recognised, as a user of the language would write it out. */
const byHand = `
model hand {
  config { vocab = 13  width = 8  heads = 2 }
  head = width / heads
  pairs = head / 2
  fn norm(x) = x / sqrt(mean(x ** 2, axis=-1) + 0.00001)
  fn plain_norm(x) {
    centred = x - mean(x, axis=-1)
    return centred * rsqrt(mean(square(centred), axis=-1) + 1e-5)
  }
  fn bump(x) = 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3)))
  fn turn(x, c, s) {
    a = x[..., :pairs]
    b = x[..., pairs:]
    return concat(a * c - b * s, b * c + a * s, axis=-1)
  }
  wte: Embedding(vocab, width)
  up: Linear(width, width)
  forward(tokens: int64[B, T]) -> logits: float32[B, T, width] {
    x = norm(wte(tokens))
    x = plain_norm(x)
    f = tensor([10000 ** -(2 * j / head) for j in range(pairs)])
    angle = (float(positions) as [B, T, 1, 1]) * f
    x = turn(up(x) as [B, T, heads, head], cos(angle), sin(angle)) as [B, T, width]
    p = exp(x - max(x, axis=-1))
    return bump(x) + x * sigmoid(x) + swiglu(x, x) + p / sum(p, axis=-1) + bump(x)
  }
}
`;

test('a spec that writes everything out comes to the ops that one names', () => {
  const make = (text: string) => {
    const { value, diagnostics } = compile({
      source: { name: 'hand.nanospec', text },
      include: () => undefined,
      cache: 'none',
      seed: 1,
    });
    assert.ok(value, JSON.stringify(diagnostics.map((d) => d.message)));
    return value!;
  };
  const { graph, reference, weights } = make(byHand);
  const named = graph.nodes.map((n) => n.op).filter((op) => isComposite(op) && op !== 'linear');
  assert.equal([...named].sort(), ['gelu_tanh', 'layer_norm', 'rms_norm', 'rotary', 'silu', 'softmax']);
  const tokens = { input_ids: ids(1, 13, 2, 6) };
  const logits = (g: Graph) => evaluator(g, weights).run(tokens)['logits'];
  const { abs } = allowed('self', { storage: 'float32', compute: 'float32' });
  assert.ok(apart(logits(graph), logits(reference)) <= abs);
  const other = make(byHand.replace('b * c + a * s', 'b * c - a * s'));
  assert.ok(apart(logits(other.graph), logits(reference)) > 10 * abs);
  assert.not(other.graph.nodes.some((n) => n.op === 'rotary'));
});

test('says why it leaves a near miss alone', () => {
  const lines = (graph: Graph): string => runPass(name_composites, graph).lines.join('\n');
  assert.is(
    lines(written((x, s) => rms(x, s, 1))),
    'refused: rms_norm in h.0.norm, since reduce_mean has axis=1, not axis=2',
  );
  assert.is(
    lines(
      written((x, { w }) =>
        w.mul(w.mul(w.scalar(0.4, x), x), w.add(w.scalar(1, x), w.erf(w.div(x, w.scalar(Math.SQRT2, x))))),
      ),
    ),
    'refused: gelu in h.0.norm, since the constant is 0.4, not 0.5',
  );
  const apart = written((x, s) => {
    s.in('h.0.square');
    const square = s.w.mul(x, x);
    s.in('h.0.norm');
    return s.w.mul(x, s.w.rsqrt(s.w.add(s.w.mean(square, 2), s.w.scalar(1e-5, x))));
  });
  assert.is(lines(apart), 'refused: rms_norm in h.0.norm, since its mul is in h.0.square');
});

test('leaves alone what is none of them', () => {
  for (const form of [
    (x: NodeId, { w }: Sketch) => w.mul(x, w.tanh(x)),
    (x: NodeId, { w }: Sketch) => w.mul(x, w.sigmoid(w.neg(x))),
    (x: NodeId, { w }: Sketch) => w.div(w.exp(x), w.sum(w.exp(w.neg(x)), 2)),
  ]) {
    const before = written(form);
    const { graph, lines } = runPass(name_composites, before);
    assert.is(graph, before);
    assert.equal(lines, []);
  }
  // In float16 throughout it is not the op, which widens to float32.
  const narrow = written(rms, 'float16');
  assert.is(runPass(name_composites, narrow).graph, narrow);
});

test('a value that others use too stays for them', () => {
  const before = written((x, s) => {
    const square = s.w.mul(x, x);
    return s.w.add(rms(x, s), square);
  });
  const { graph } = runPass(name_composites, before);
  assert.equal(
    graph.nodes.map((n) => n.op),
    ['input', 'mul', 'rms_norm', 'add'],
  );
  assert.is(moved(before, graph, feeds), 0);
});

test.run();
