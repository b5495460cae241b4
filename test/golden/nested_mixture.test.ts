/** A mixture within the experts of another one, computed together by real runtimes: as its terms say, one by one. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../compiler/ports/session.ts';
import { includeShipped } from '../../driver/shipped.ts';
import { verify } from '../../runtime/verify/verify.ts';
import { wholeTextSession } from '../../runtime/verify/whole_text.ts';
import { windowsOf } from '../../runtime/verify/windows.ts';
import { type Made, makeFor } from './compile_fixture.ts';
import { forEachTarget } from './each_target.ts';

const text = `include "llama.nanospec" as llama

model nested {
  config { vocab = 64  context = 128  layers = 2  heads = 2  kv_heads = 1  dim = 16  head = 8  hidden = 24  groups = 4  teams = 3  eps = 1e-5 }
  rope: Rotary(head, base=10000, length=context)

  block Expert {
    up:   Linear(dim, hidden, bias=true)
    down: Linear(hidden, dim)
    forward(x) = down(silu(up(x)))
  }

  block Group {
    gate:  Linear(dim, teams)
    first: Linear(dim, dim, bias=true)
    inner[teams]: Expert
    forward(x) {
      s = gate(x)
      q = softmax(where(is_top(s, 2), s, -inf))
      u = first(x)
      return sum([q[..., j:j+1] * g(u) for j, g in inner])
    }
  }

  block Moe {
    gate:            Linear(dim, groups)
    experts[groups]: Group
    forward(x: [B, T, dim]) -> [B, T, dim] {
      s = gate(x)
      p = softmax(where(is_top(s, 2), s, -inf))
      return sum([p[..., e:e+1] * expert(x) for e, expert in experts])
    }
  }

  block Layer {
    norm_1: RMSNorm(dim, eps)
    attn:   llama.Attention(dim, heads, kv_heads, head, rope)
    norm_2: RMSNorm(dim, eps)
    moe:    Moe
    forward(x) {
      x = x + attn(norm_1(x))
      return x + moe(norm_2(x))
    }
  }
  wte: Embedding(vocab, dim)
  h[layers]: Layer
  norm: RMSNorm(dim, eps)
  lm_head: Linear(dim, vocab)
  forward(tokens: int64[B, T]) -> logits: [B, T, vocab] {
    x = wte(tokens)
    for layer in h { x = layer(x) }
    return lm_head(norm(x))
  }
}
`;

/** The same with the sums written as loops, which compute every term on its own. */
const inLoops = text.replace(
  /return sum\(\[(.*) for (.*) in (.*)\]\)/g,
  (_, term, names, list) => `y = 0 * x\n      for ${names} in ${list} { y = y + ${term} }\n      return y`,
);

const made = (target: string, spec: string, seed: number): Made =>
  makeFor(target, { source: { name: 'nested.nanospec', text: spec }, include: includeShipped, seed });

async function failing(session: Session, told: Made): Promise<readonly string[]> {
  const { believed, reference, manifest, plainWeights } = told.compiled;
  const report = await verify({
    session,
    reference: wholeTextSession(believed, manifest, plainWeights),
    windows: windowsOf(reference),
  });
  await session.close();
  return report.rows.filter((r) => !r.pass).map((r) => `${r.check}: ${r.what} ${r.max_abs} ${r.note}`);
}

await forEachTarget(({ target, open }, it) => {
  it(`${target}: groups of experts that choose among experts of their own`, async () => {
    const together = made(target, text, 0);
    const experts = together.compiled.graph.nodes.filter(({ op }) => op === 'expert_matmul');
    assert.is(experts.length, 2 * 4, 'of each layer, two weights of the groups and two of their experts');
    const oneByOne = made(target, inLoops, 0);
    assert.not.ok(oneByOne.compiled.graph.nodes.some(({ op }) => op === 'expert_matmul'));
    assert.equal(await failing(await open(together), oneByOne), []);
  });

  it(`${target}: other weights are noticed`, async () => {
    assert.ok((await failing(await open(made(target, text, 1)), made(target, inLoops, 0))).length > 5);
  });
});

test.run();
