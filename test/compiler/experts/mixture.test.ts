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

/** The sum over groups of experts that are such sums themselves, against loops; the nodes do not grow with the experts. */
function heldWithin(members: string, inner = 5): Graph {
  const text = (n: number): Parts => ({
    members: members.replaceAll('J', String(n)),
    term,
    over: 'e, f in groups',
  });
  const [sum, loop] = written(text(inner)) as [string, string];
  const inLoops = loop.replace(
    /return sum\(\[(.*) for (.*)\]\)\n {4}/g,
    (_, term: string, over: string) =>
      `z = 0 * x\n      for ${over} { z = z + ${term} }\n      return z\n    `,
  );
  assert.is(inLoops.includes('sum(['), false);
  const [made, told] = [graphOf(sum), graphOf(inLoops)];
  assert.ok(distance(run(made), run(told)) < 2e-6, `${distance(run(made), run(told))} apart`);
  assert.ok(distance(run(made), run(told, 1)) > 1e-3, 'other weights make no difference');
  assert.equal(warningsOf(sum), []);
  const computed = ({ nodes }: Graph): number => nodes.filter(({ op }) => op !== 'param').length;
  const more = graphOf(written(text(inner + 3))[0]!);
  assert.is(computed(more), computed(made), 'with more experts');
  return made;
}

const group = (over: string, weights: string): string => `block Group(n) {
    router: Linear(n, J)
    ${weights}
    forward(x) {
      q = softmax(router(x))
      q = where(is_top(q, 2), q, 0)
      return sum([${over}])
    }
  }
  groups[5]: Group(dim)`;

test('a mixture within the experts of another: both choose, with biases', () => {
  const graph = heldWithin(group('q[..., j:j+1] * g(x) for j, g in inner', 'inner[J]: Mlp(n)'));
  assert.is(count(graph, 'expert_matmul'), 3);
  assert.equal(
    graph.nodes.filter((n) => n.op === 'argtop').map((n) => n.attrs['k']),
    [2, 2],
  );
  assert.is(count(graph, 'concat'), 0); // weights lie one after the other
});

test('inner experts that share a weight, which is its group of experts own, and the reverse', () => {
  const shared = group(
    'q[..., j:j+1] * g(first(x)) for j, g in inner',
    'first: Linear(n, n, bias=true)\n    inner[J]: Mlp(n)',
  );
  assert.is(count(heldWithin(shared), 'expert_matmul'), 4);
  const reverse = group('q[..., j:j+1] * g(x) for j, g in inner', '');
  assert.is(count(heldWithin(`inner[J]: Mlp(dim)\n  ${reverse}`), 'expert_matmul'), 3);
});

test('stacked matrices of both, picked by two indices, of whichever axis', () => {
  const inner = `p[..., e:e+1] * sum([q[..., j:j+1] * silu(x @ up[e][j] + low[e, j]) @ down[j][:, e] * (1 + far[j, e]) for j in range(J)])`;
  const members = `up: [5, J, dim, 7]
  low: [5, J, 7]
  down: [J, 7, 5, dim]
  far: [J, 5]
  router: Linear(dim, J)
  block Group(n) { forward(x) = x }
  groups[5]: Group(dim)`;
  const [sum, loop] = written({
    members: members.replaceAll('J', '3'),
    shares: 'where(is_top(s, 2), s, 0)\n    q = softmax(router(x))\n    q = where(is_top(q, 2), q, 0)',
    term: inner.replaceAll('J', '3'),
    over: 'e in range(5)',
  }) as [string, string];
  assert.equal(warningsOf(sum), []);
  const [made, told] = [graphOf(sum), built(loop)];
  assert.ok(distance(run(made), run(told)) < 2e-6);
  assert.ok(distance(run(made), run(told, 1)) > 1e-3);
  assert.is(count(made, 'expert_matmul'), 2);
});

test('three within each other', () => {
  const inmost = `block Team(n) {
    router: Linear(n, J)
    inner[J]: Mlp(n)
    forward(x) {
      q = softmax(router(x))
      q = where(is_top(q, 2), q, 0)
      return sum([q[..., j:j+1] * g(x) for j, g in inner])
    }
  }
  `;
  const graph = heldWithin(
    `${inmost}${group('q[..., i:i+1] * t(x) for i, t in teams', 'teams[J]: Team(n)')}`,
    3,
  );
  assert.is(count(graph, 'expert_matmul'), 4);
  assert.is(count(graph, 'argtop'), 3);
});

test('an inner mixture that differs is written out in the body of all, with the reason', () => {
  const members = group('q[..., j:j+1] * (if j == 1 then x else g(x)) for j, g in inner', 'inner[J]: Mlp(n)');
  const [text, loop] = written({ members: members.replaceAll('J', '3'), term, over: 'e, f in groups' }) as [
    string,
    string,
  ];
  const [sum, told] = [built(text), built(loop)];
  assert.ok(distance(run(sum), run(told)) < 2e-6);
  assert.ok(distance(run(sum), run(told, 1)) > 1e-3);
  assert.is(count(sum, 'argtop'), 1);
  assert.is(warningsOf(text).length, 1);
  assert.match(warningsOf(text)[0]!, /found an index/);
  const plain = members.replaceAll('J', '3').replace(/q\[[^)]*\)\)/, 'g(x)');
  assert.not.equal(plain, members.replaceAll('J', '3'));
  assert.equal(warningsOf(written({ members: plain, term, over: 'e, f in groups' })[0]!), []);
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

test('a name that a term hides is said, though its body was read before, to find that out', () => {
  const members = `block Own(n) {
    a: Linear(n, n)
    forward(x) {
      gate = a(x)
      return gate
    }
  }
  experts[5]: Own(dim)`;
  const [text] = written({ members, term }) as [string];
  const { diagnostics } = build(parse({ name: 'm.nanospec', text }).value!, { include: () => undefined });
  assert.equal(
    diagnostics.map((d) => d.code),
    ['N203'],
  );
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
