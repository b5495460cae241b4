/** Models are verified by their own weights alone, whatever views of them the compiler kept. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeIo } from '../../cli/io.ts';
import { openModel } from '../../cli/model_kinds.ts';
import { ownWeights } from '../../cli/own_weights.ts';
import { recompileModel } from '../../cli/recompile_model.ts';
import { bytesOf, fixture, folder, nanoc, root, written } from './run_cli.ts';

const cx = { io: makeIo({ json: false, quiet: true, color: 'never' }), signal: new AbortController().signal };

const mixtures = ['hf-qwen3-moe', 'hf-gpt-oss'];
const names = readdirSync(`${root}test/fixtures/golden`).filter((n) => n.startsWith('nanochat-'));

for (const name of [...names, ...mixtures]) {
  test(`${name}: the parameters found in the model are those of the checkpoint`, async () => {
    const path = join(folder(), 'm.onnx');
    const spec =
      name === 'nanochat-g4-valueembed'
        ? 'nanochat_2026_01'
        : name === 'nanochat-g5-softcap20'
          ? 'nanochat_2026_03_softcap20'
          : name.startsWith('hf-')
            ? name.slice(3).replaceAll('-', '_')
            : 'nanochat';
    const made = await nanoc(['compile', spec, '--checkpoint', fixture(name), '-o', path]);
    assert.is(made.code, 0, made.err);
    const model = openModel(path);
    const ours = recompileModel(cx, model, {});
    const theirs = recompileModel(cx, model, { checkpoint: fixture(name) });
    const { reference } = ours.compiled;
    const [a, b] = [ours.weightsOf(reference), theirs.weightsOf(reference)];
    const params = reference.nodes.filter((n) => n.op === 'param').map((n) => String(n.attrs['name']));
    assert.ok(params.length > 10);
    for (const param of params) {
      const [own, given] = [a.values(param), b.values(param)];
      assert.is(own.length, given.length, param);
      // What no view of the model has is zero, and nothing reads it.
      const differs = own.findIndex((x, i) => x !== given[i] && x !== 0);
      assert.is(differs, -1, `${param} at ${differs}: ${own[differs]} and ${given[differs]}`);
      assert.ok(
        own.some((x) => x !== 0),
        param,
      );
    }
  });
}

const affine = `model affine {
  config { dim = 8 from "dim"
           vocab = 12 from "vocab" }
  wte: Embedding(vocab, dim)
  head: Linear(dim, vocab)
  scale: [dim]
  forward(tokens: int64[B, T]) -> logits: float32[B, T, vocab] {
    x = wte(tokens) * (1 + 2 * scale)
    return float32(head(x))
  }
}
`;

test('arithmetic that was folded into a weight is undone', async () => {
  const path = join(folder(), 'm.onnx');
  const made = await nanoc(['compile', written('affine.nanospec', affine), '-o', path, '--seed', '5']);
  assert.is(made.code, 0, made.err);
  const { code, out, err } = await nanoc(['verify', path]);
  assert.is(code, 0, out + err);
  const { compiled } = recompileModel(cx, openModel(path), {});
  const kept = compiled.graph.nodes.find((n) => n.attrs['of'] === 'scale');
  assert.ok(kept, 'the arithmetic is folded');
  const whole = ownWeights(path, compiled.graph)(compiled.reference).values('scale');
  const stored = ownWeights(path, compiled.graph)(compiled.graph).values(String(kept.attrs['name']));
  assert.ok(whole.every((x, i) => Math.abs(1 + 2 * x - stored[i]!) < 1e-6));
  assert.ok(whole.some((x, i) => x !== stored[i]!));
  assert.ok(bytesOf(path).length > 0);
});

test.run();
