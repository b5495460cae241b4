/** What a call may leave out: mask and positions where ports show how many tokens came before, else positions alone. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { torchscript } from '../../../backends/torchscript/index.ts';
import { type Compiled, compile } from '../../../compiler/compile.ts';
import { compareValues } from '../../../runtime/verify/compare.ts';
import { cutInto, logitsOf, randomRows } from '../../../runtime/verify/verify_run.ts';
import { withTorch } from '../../golden/torch_here.ts';
import { archiveOf, emitOptions, laidOut } from './small_models.ts';

/** `y` has positions in it, and `cached` remembers it. */
function small(cached: string, y = 'rope(mix(x) as [B, T, 1, dim]) as [B, T, dim]'): Compiled {
  const text = `model turned {
  config { vocab = 11  context = 32  dim = 8 }
  rope: Rotary(dim, length=context)
  wte: Embedding(vocab, dim)
  mix: Linear(dim, dim)
  head: Linear(dim, vocab)
  forward(ids: int64[B, T]) -> logits: float32[B, T, vocab] {
    x = wte(ids)
    y = ${y}
    ${cached}
    return float32(head(x + seen * y))
  }
}
`;
  const { value, diagnostics } = compile({
    source: { name: 'turned.nanospec', text },
    include: () => undefined,
    ...{ seed: 3, compute: 'float32', wholeWeights: true, padded: true },
    backendPasses: torchscript.passes(emitOptions),
  });
  if (!value) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join('\n'));
  return value;
}

const lastTwo = 'seen = cache(y, last=2)[:, :T]';
const all = 'h = y as [B, T, 1, dim] k = cache(h) seen = attention(h, k, k) as [B, T, dim]';
const maskOf = (compiled: Compiled): string | undefined =>
  /attention_mask: ([^,)=]*)/.exec(laidOut(compiled).code.text)?.[1];

test('a mask is asked for where positions are counted and no port shows how many tokens came before', () => {
  assert.is(maskOf(small(lastTwo)), 'Tensor');
  assert.is(maskOf(small(lastTwo, 'mix(x)')), 'Optional[Tensor]', 'nothing reads positions');
  assert.is(maskOf(small(all)), 'Optional[Tensor]', 'the keys show it');
});

await withTorch(({ host, file }) => {
  test('a second call cannot begin to count anew', async () => {
    const compiled = small(lastTwo);
    const { manifest } = compiled;
    const session = await host.open({ model: file('model.pt', archiveOf(compiled)), manifest });
    const tokens = randomRows(2, 7, 11, 4);
    const whole = await logitsOf(session, [{ tokens }]);
    const inCalls = (without: readonly string[]) =>
      logitsOf(
        session,
        cutInto(tokens, [4, 1, 2]).map((call) => ({ ...call, without })),
      );
    assert.equal(session.optional, ['position_ids']);
    assert.ok(compareValues(whole, await inCalls(['position_ids'])).abs < 1e-6);
    for (const without of [['attention_mask'], ['attention_mask', 'position_ids']]) {
      const said = await inCalls(without).catch((cause: unknown) => String(cause));
      assert.match(String(said), 'attention_mask');
    }
    await session.close();
  });
});

test.run();
