/** A sum over experts: one body for all of them, and the numbers of the terms written out. */

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build, check } from '../../../compiler/build.ts';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { place_cache, stack_weights } from '../../../compiler/passes/index.ts';
import { weightSource } from '../../../compiler/weights/weight_source.ts';
import { includeShipped, shippedSpecs } from '../../../driver/shipped.ts';
import { parse } from '../../../spec/parse.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { said } from '../../spec/elaborate/refused.ts';
import { runPass } from '../passes/run_pass.ts';
import { distance, ids } from '../tiny_graph.ts';

interface Parts {
  /** Members of the block, `experts` among them. */
  readonly members: string;
  /** Of the shares p [B, T, 5], from scores [B, T, 5]. */
  readonly shares?: string;
  /** The term of expert `e`, whose member is `f`. */
  readonly term: string;
  readonly over?: string;
}

const written = ({ members, shares = 'where(is_top(s, 2), s, 0)', term, over = 'e, f in experts' }: Parts) =>
  [`sum([${term} for ${over}])`, 'y'].map(
    (sum, i) => `
fn softened(s) = softmax(s)
block Mlp(n) {
  up: Linear(n, 2 * n, bias=true)
  down: Linear(2 * n, n)
  forward(x) = down(silu(up(x)))
}
model m {
  config { dim = 4 }
  wte: Embedding(11, dim)
  gate: Linear(dim, 5)
  ${members}
  forward(tokens: int64[B, T]) -> y: [B, T, dim] {
    x = wte(tokens)
    s = softened(gate(x))
    p = ${shares}
    ${i === 0 ? '' : `y = 0 * x\n    for ${over} { y = y + ${term} }`}
    return ${sum}
  }
}
`,
  );

function graphOf(text: string): Graph {
  const { graph, diagnostics } = build(parse({ name: 'm.nanospec', text }).value!, {
    include: () => undefined,
  });
  assert.is(said(diagnostics), '');
  return graph!;
}

const built = (text: string): Graph => {
  const { graph, diagnostics } = build(parse({ name: 'm.nanospec', text }).value!, {
    include: () => undefined,
  });
  assert.ok(graph, diagnostics.map(({ message }) => message).join());
  return graph!;
};

function warningsOf(text: string): readonly string[] {
  const [built, checked] = [build, check].map((walk) =>
    walk(parse({ name: 'm.nanospec', text }).value!, { include: () => undefined })
      .diagnostics.filter(({ code }) => code === 'N403')
      .map(({ message }) => message),
  );
  assert.equal(checked, built, 'a check says the same');
  return built!;
}

const feeds = { input_ids: ids(3, 11, 2, 6) };

function run(raw: Graph, seed = 0): Readonly<Record<string, Tensor>> {
  const { graph } = runPass(place_cache({ cache: 'none', padded: false }), raw);
  return evaluator(graph, weightSource({ graph, storage: 'float32', seed })).run(feeds);
}

const count = ({ nodes }: Graph, op: string): number => nodes.filter((n) => n.op === op).length;

/** The graph of the sum, once it has been held to that of a loop over its terms. */
function held(parts: Parts): Graph {
  const [sum, loop] = written(parts).map(graphOf) as [Graph, Graph];
  const apart = distance(run(sum), run(loop));
  assert.ok(apart < 2e-6, `${apart} apart`);
  assert.ok(distance(run(sum), run(loop, 1)) > 1e-3, 'other weights make no difference');
  assert.is(count(loop, 'expert_matmul'), 0);
  return sum;
}

const experts = 'experts[5]: Mlp(dim)';
const term = 'p[..., e:e+1] * f(x)';

test('modules: two products for five experts, and the two choices of each token only', () => {
  const graph = held({ members: experts, term });
  assert.is(count(graph, 'expert_matmul'), 2);
  assert.is(count(graph, 'sigmoid'), 1);
  assert.is(graph.nodes.find((n) => n.op === 'argtop')?.attrs['k'], 2);
  assert.is(count(graph, 'linear'), 1); // the gate
});

test('the order of the factors, a number before them and a cast around the share change nothing', () => {
  for (const other of ['f(x) * p[..., e:e+1]', '3 * p[..., e:e+1] * f(x)', 'f(x) * (p[..., e:e+1] / 2)'])
    assert.is(count(held({ members: experts, term: other }), 'argtop'), 1, other);
});

test('shares that nothing bounds make every expert count for every token', () => {
  const graph = held({ members: experts, term, shares: 's' });
  assert.is(count(graph, 'argtop'), 0);
  assert.is(count(graph, 'expert_matmul'), 2);
});

test('so does a term that does not vanish with its share', () => {
  const graph = held({ members: experts, term: 'p[..., e:e+1] + f(x)' });
  assert.is(count(graph, 'argtop'), 0);
  assert.is(count(graph, 'expert_matmul'), 2);
});

test('shares are bounded by what chose them, through sums to one, sums of masks and softmax', () => {
  const most = (shares: string): unknown =>
    held({ members: experts, term, shares }).nodes.find((n) => n.op === 'argtop')?.attrs['k'];
  assert.is(most('softmax(where(is_top(s, 3), s, -inf))'), 3);
  assert.is(most('7 * float(where(is_top(s, 3), s, 0) / (1 + sum(s, axis=-1)))'), 3);
  assert.is(most('where(is_top(s, 4) and is_top(s * s, 2), s, 0)'), 2);
  assert.is(most('where(is_top(s, 1), s, 0) + where(is_top(-s, 2), s, 0)'), 3);
  assert.is(most('sigmoid(where(is_top(s, 3), s, -inf))'), 3);
  assert.is(most('where(is_top(s, 4), s, 0.5)'), undefined);
  assert.is(most('where(is_top(s, 2), s, 0) + s'), undefined);
  assert.is(most('s * where(is_top(s[..., :1], 1), s[..., :1], 0)'), undefined);
});

test('stacked matrices are picked by index, their biases too', () => {
  const members = `up: [5, dim, 7]
  low: [5, 7]
  down: [5, 7, dim]
  scale: [5]
  fn f(x, e) = silu(x @ up[e] + low[e]) @ down[e] * scale[e]`;
  const graph = held({ members, term: 'p[..., e:e+1] * f(x, e)', over: 'e in range(5)' });
  assert.is(count(graph, 'expert_matmul'), 2);
  assert.is(count(graph, 'stack'), 0);
});

test("norms of an expert's own, weights shared by all, and matrices in a list", () => {
  const members = `block Own(n) {
    weight: [n]
    forward(x) = rms_norm(x, 1e-6) * (1 + weight)
  }
  norms[5]: Own(dim)
  shared: Linear(dim, dim)
  heads[5]: [dim, dim]
  fn f(x, e) = linear(shared(norms[e](x)), heads[e])`;
  const graph = held({ members, term: 'p[..., e:e+1] * f(x, e)', over: 'e in range(5)' });
  assert.is(count(graph, 'expert_matmul'), 1);
  assert.is(count(graph, 'rms_norm'), 1);
});

test('rows of a table of its own are found for each expert, and none beyond it', () => {
  const looked = { term: 'p[..., e:e+1] * f(tokens)', over: 'e, f in tables' };
  const graph = held({ members: 'tables[5]: Embedding(11, dim)', ...looked });
  assert.is(count(graph, 'stack'), 1);
  assert.is(count(graph, 'argtop'), 1);
  held({
    members: 'table: [5, 11, dim]',
    term: 'p[..., e:e+1] * take(table[e], tokens)',
    over: 'e in range(5)',
  });
  for (const text of written({ members: 'tables[5]: Embedding(4, dim)', ...looked }))
    assert.throws(() => run(graphOf(text)), /index \d+ is not one of \d+ rows/);
});

test('experts that differ are written out, with the reason: by a condition, by their sizes, by gaps', () => {
  const differs = (parts: Parts, why: RegExp): void => {
    assert.is(count(held(parts), 'expert_matmul'), 0);
    const [text, loop] = written(parts) as [string, string];
    const warned = warningsOf(text);
    assert.is(warned.length, 1);
    assert.match(warned[0]!, why);
    assert.equal(warningsOf(loop), []);
  };
  differs({ members: experts, term: 'p[..., e:e+1] * (if e == 3 then x else f(x))' }, /found an index/);
  differs(
    {
      members:
        'experts[i in range(5)]: Mlp2(dim, i)\n  block Mlp2(n, i) {\n    a: Linear(n, i + 1)\n    b: Linear(i + 1, n)\n    forward(x) = b(a(x))\n  }',
      term,
    },
    /not made alike/,
  );
  differs({ members: 'experts[i in range(5) if i != 2]: Mlp(dim)', term }, /not numbered 0, 1, 2/);
  differs({ members: experts, term: 'p[..., e:e+1] * p[..., 4 - e:5 - e] * f(x)' }, /found an index/);
});

test('a mixture within the experts of another is written out in the body of all of them, which is said', () => {
  const members = `block Group(n) {
    router: Linear(n, 3)
    inner[3]: Mlp(n)
    forward(x) {
      q = softmax(router(x))
      q = where(is_top(q, 2), q, 0)
      return sum([q[..., j:j+1] * g(x) for j, g in inner])
    }
  }
  groups[5]: Group(dim)`;
  const parts = { members, term, over: 'e, f in groups' };
  const [text, loop] = written(parts) as [string, string];
  const sum = built(text);
  assert.ok(distance(run(sum), run(built(loop))) < 2e-6);
  assert.ok(distance(run(sum), run(built(loop), 1)) > 1e-3);
  assert.is(count(sum, 'expert_matmul'), 1 + 3 * 2);
  assert.is(sum.nodes.filter((n) => n.op === 'argtop').length, 1);
  assert.equal(warningsOf(text), [
    'the experts of this sum are computed one by one, for every token: the sum is within the experts of another one',
  ]);
  assert.equal(warningsOf(loop), []); // each group is a mixture of its own there
  const plain = members.replace('q[..., j:j+1] * g(x)', 'g(x)');
  assert.equal(warningsOf(written({ ...parts, members: plain })[0]!), []);
});

test('sums of other things are no mixtures, and nothing is said of them', () => {
  for (const [term, over] of [
    ['f(x)', 'e, f in experts'],
    ['p[..., e:e+1] * x', 'e in range(5)'],
    ['p[..., e:e+1] * y', 'e, y in [x, 2 * x, s @ s2, x, x]'],
  ] as const)
    assert.equal(warningsOf(written({ members: `${experts}\n  s2: [5, dim]`, term, over })[0]!), [], term);
});

test('a list that is made with a name it does not use is made alike', () => {
  assert.is(count(held({ members: 'experts[i in range(5)]: Mlp(dim)', term }), 'expert_matmul'), 2);
});

test('what is wrong in a term is said once, as of the terms written out', () => {
  const [text] = written({ members: experts, term: 'p[..., e:e+1] * f(y)' }) as [string];
  const { diagnostics } = build(parse({ name: 'm.nanospec', text }).value!, { include: () => undefined });
  assert.is(diagnostics.length, 1);
  assert.is(diagnostics[0]!.code, 'N201');
});

test('a term of the wrong shape is said, too', () => {
  const [text] = written({ members: experts, term: 'p[..., e:e+1] * f(s)' }) as [string];
  const { diagnostics } = build(parse({ name: 'm.nanospec', text }).value!, { include: () => undefined });
  assert.equal(
    diagnostics.map((d) => d.code),
    ['N301'],
  );
});

test('matrices become one parameter, which is written part after part', () => {
  const { graph } = runPass(
    place_cache({ cache: 'none', padded: false }),
    graphOf(written({ members: experts, term })[0]!),
  );
  const { graph: stacked } = runPass(stack_weights, graph);
  const names = stacked.nodes.filter((n) => 'parts' in n.attrs).map((n) => String(n.attrs['name']));
  assert.equal(names, ['experts.up.weight', 'experts.up.bias', 'experts.down.weight']);
  assert.is(count(stacked, 'stack'), 0);
  const values = (of: Graph, seed: number) =>
    evaluator(of, weightSource({ graph: of, storage: 'float32', seed })).run(feeds);
  assert.is(distance(values(graph, 0), values(stacked, 0)), 0);
  assert.ok(distance(values(graph, 1), values(stacked, 0)) > 1e-3);
});

test('no spec that ships writes its experts out', () => {
  const mixtures = shippedSpecs().filter(({ path }) => readFileSync(path, 'utf8').includes('is_top('));
  assert.ok(mixtures.length >= 4);
  for (const { name, path } of mixtures) {
    const { value } = parse({ name, text: readFileSync(path, 'utf8') });
    const { graph } = build(value!, {
      include: (file) => includeShipped(file),
      set: new Map([['layers', 4]]),
    });
    assert.ok(count(graph!, 'expert_matmul') > 0, name);
    const computed = graph!.nodes.filter((n) => n.op !== 'param').length;
    assert.ok(computed < 500, `${name}: ${computed} nodes`);
  }
});

test.run();
