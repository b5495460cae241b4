/** A sum over experts is what a loop over its terms is, whichever way its body comes by members: by the index, a number, a name. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from '../../../compiler/build.ts';
import { evaluator } from '../../../compiler/evaluate/evaluate.ts';
import type { Graph } from '../../../compiler/graph/ir.ts';
import { place_cache, stack_weights } from '../../../compiler/passes/index.ts';
import { weightSource } from '../../../compiler/weights/weight_source.ts';
import { parse } from '../../../spec/parse.ts';
import type { Tensor } from '../../../spec/tensor.ts';
import { runPass } from '../passes/run_pass.ts';
import { distance, ids } from '../tiny_graph.ts';

const spec = (before: string, sum: string): string => `
block Mlp(n) {
  up: Linear(n, 2 * n, bias=true)
  down: Linear(2 * n, n)
  forward(x) = down(silu(up(x)))
}
block Group(n) {
  router: Linear(n, 5)
  inner[5]: Mlp(n)
  forward(x) = x
}
block Ref(n, m) {
  first: Linear(n, n)
  forward(x) = m(first(x))
}
fn applied(m, x) = m(x)
model m {
  config { dim = 4 }
  wte: Embedding(11, dim)
  gate: Linear(dim, 5)
  gate2: Linear(dim, 5)
  experts[5]: Mlp(dim)
  groups[5]: Group(dim)
  ref: Ref(dim, experts[0])
  refs[5]: Ref(dim, experts[0])
  w: [5, 5, dim]
  v: [5, dim]
  u: [5, 1, 1, dim]
  heads[5]: [dim, dim]
  forward(tokens: int64[B, T]) -> y: [B, T, dim] {
    x = wte(tokens)
    s = softmax(gate(x))
    p = where(is_top(s, 2), s, 0)
    r = softmax(gate2(x))
    q = where(is_top(r, 2), r, 0)
    ${before}
    ${sum}
    return y
  }
}`;

interface Built {
  readonly graph: Graph;
  readonly warnings: number;
}

function built(before: string, sum: string): Built {
  const text = spec(before, sum);
  const { graph, diagnostics } = build(parse({ name: 'm.nanospec', text }).value!, {
    include: () => undefined,
  });
  assert.ok(graph, diagnostics.map(({ message }) => message).join());
  return { graph, warnings: diagnostics.filter(({ code }) => code === 'N403').length };
}

function run({ graph: raw }: Built, seed = 0): Readonly<Record<string, Tensor>> {
  const placed = runPass(place_cache({ cache: 'none', padded: false }), raw).graph;
  const { graph } = runPass(stack_weights, placed);
  return evaluator(graph, weightSource({ graph, storage: 'float32', seed })).run({
    input_ids: ids(3, 11, 2, 6),
  });
}

type Sum = readonly [term: string, over: string];

interface Case {
  readonly before?: string;
  readonly outer: Sum;
  /** What `Z` stands for in the outer term. */
  readonly inner?: Sum;
  /** Whether a sum is written out, which is warned of. */
  readonly warned: boolean;
}

const byFive = 'j in range(5)';
const groups = (term: string, inner: string, over = byFive): Omit<Case, 'warned'> => ({
  outer: [term, 'e, f in groups'],
  inner: [inner, over],
});
const z = 'p[..., e:e+1] * Z';

const cases: Readonly<Record<string, Case>> = {
  'the first by its number': {
    outer: ['p[..., e:e+1] * (f(x) + experts[0](x))', 'e, f in experts'],
    warned: true,
  },
  'another by its number': {
    outer: ['p[..., e:e+1] * (f(x) + experts[1](x))', 'e, f in experts'],
    warned: false,
  },
  'by a name from before': {
    before: 'g = experts[0]',
    outer: ['p[..., e:e+1] * (f(x) + g(x))', 'e, f in experts'],
    warned: true,
  },
  'given to a function': {
    outer: ['p[..., e:e+1] * (f(x) + applied(experts[0], x))', 'e, f in experts'],
    warned: true,
  },
  'the own one, given to a function': {
    outer: ['p[..., e:e+1] * applied(f, x)', 'e, f in experts'],
    warned: false,
  },
  'given to a block': { outer: ['p[..., e:e+1] * (f(x) + ref(x))', 'e, f in experts'], warned: true },
  'given to blocks in step': {
    outer: ['p[..., e:e+1] * (experts[e](x) + refs[e](x))', 'e in range(5)'],
    warned: true,
  },
  'in a slice of the list': {
    outer: ['p[..., e:e+1] * (f(x) + sum([g(x) for g in experts[0:2]]))', 'e, f in experts'],
    warned: true,
  },
  'in the whole list, joined': {
    outer: ['p[..., e:e+1] * ((x @ heads[e]) @ concat(heads, axis=1))[..., 0:dim]', 'e in range(5)'],
    warned: true,
  },
  'a weight with axes where tokens stand': {
    outer: ['p[..., e:e+1] * (experts[e](x) * u[e])', 'e in range(5)'],
    warned: false,
  },
  'a weight whose axis is kept': {
    outer: ['p[..., e:e+1] * (experts[e](x) * v[e:e+1])', 'e in range(5)'],
    warned: false,
  },
  'two lists in step': {
    outer: ['p[..., e:e+1] * (experts[e](x) + groups[e].inner[1](x))', 'e in range(5)'],
    warned: false,
  },
  'the diagonal of two lists': { outer: ['p[..., e:e+1] * f.inner[e](x)', 'e, f in groups'], warned: false },
  'one list at both depths': {
    outer: [z, 'e, f in experts'],
    inner: ['q[..., j:j+1] * experts[j](f(x))', byFive],
    warned: true,
  },
  'a list of all at the inner depth': {
    ...groups(z, 'q[..., j:j+1] * g(x)', 'j, g in experts'),
    warned: false,
  },
  'both indices of one tensor, and each of another': {
    ...groups(z, 'q[..., j:j+1] * f.inner[j](x * w[e, j] + v[j] - v[e])'),
    warned: false,
  },
  'the indices the other way round': {
    ...groups(z, 'q[..., j:j+1] * f.inner[j](x * w[j, e] + w[j][e])'),
    warned: false,
  },
  'members the other way round': {
    outer: [z, 'e in range(5)'],
    inner: ['q[..., j:j+1] * groups[j].inner[e](x)', byFive],
    warned: true,
  },
  'the share of the outer one inside': {
    ...groups('Z', 'q[..., j:j+1] * p[..., e:e+1] * f.inner[j](x)'),
    warned: false,
  },
  'the same shares at both depths': { ...groups(z, 'p[..., j:j+1] * f.inner[j](x)'), warned: false },
  'inner terms that do not vanish': { ...groups(z, 'q[..., j:j+1] + f.inner[j](x)'), warned: false },
  'outer terms that do not vanish': {
    ...groups('p[..., e:e+1] + Z', 'q[..., j:j+1] * f.inner[j](x)'),
    warned: false,
  },
  'an inner one by its number, inside': {
    ...groups(z, 'q[..., j:j+1] * (f.inner[j](x) + f.inner[0](x))'),
    warned: true,
  },
  'an inner one by its number, outside': {
    ...groups('p[..., e:e+1] * (Z + f.inner[0](x))', 'q[..., j:j+1] * f.inner[j](x)'),
    warned: false,
  },
  'the first group by its number': {
    ...groups('p[..., e:e+1] * (Z + groups[0].inner[1](x))', 'q[..., j:j+1] * f.inner[j](x)'),
    warned: true,
  },
};

for (const [name, { before = '', outer, inner, warned }] of Object.entries(cases)) {
  test(`members: ${name}`, () => {
    const [term, over] = outer;
    const together = inner ? term.replace('Z', `sum([${inner[0]} for ${inner[1]}])`) : term;
    const within = inner ? `z = 0 * x\n      for ${inner[1]} { z = z + ${inner[0]} }\n      ` : '';
    const sum = built(before, `y = sum([${together} for ${over}])`);
    const loop = built(
      before,
      `y = 0 * x\n    for ${over} {\n      ${within}y = y + ${term.replace('Z', 'z')}\n    }`,
    );
    const apart = distance(run(sum), run(loop));
    assert.ok(apart < 1e-6, `${apart} apart`);
    assert.ok(distance(run(sum), run(loop, 1)) > 1e-2, 'other weights make no difference');
    assert.is(sum.warnings > 0, warned);
    assert.is(
      sum.graph.nodes.filter(({ op }) => op === 'expert_matmul').length > 0,
      !warned || inner !== undefined,
    );
  });
}

test.run();
