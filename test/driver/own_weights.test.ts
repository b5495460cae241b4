/** Models are verified by their own weights alone, whatever views of them the compiler kept. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode, encode } from '../../backends/onnx/schema.ts';
import { openModel } from '../../driver/model_kinds.ts';
import { ownWeights } from '../../driver/verify/own_weights.ts';
import { recompileModel } from '../../driver/verify/recompile_model.ts';
import { bytesOf, fixture, folder, nanoc, root, written } from '../cli/run_cli.ts';

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
    const ours = recompileModel(model);
    const theirs = recompileModel(model, { checkpoint: fixture(name) });
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

for (const [name, param] of [
  ['hf-mamba', 'backbone.layers.1.mixer.A_log'],
  ['hf-qwen3-5', 'model.layers.0.linear_attn.A_log'],
] as const) {
  test(`${name}: what an exponential was folded into is found again, to a rounding`, async () => {
    const path = join(folder(), 'm.onnx');
    const made = await nanoc(['compile', '--checkpoint', fixture(name), '-o', path]);
    assert.is(made.code, 0, made.err);
    const { code, out, err } = await nanoc(['verify', path]);
    assert.is(code, 0, out + err);
    const model = openModel(path);
    const [ours, theirs] = [recompileModel(model), recompileModel(model, { checkpoint: fixture(name) })];
    const { reference } = ours.compiled;
    const [own, given] = [ours.weightsOf(reference).values(param), theirs.weightsOf(reference).values(param)];
    assert.ok(own.every((x, i) => Math.abs(x - given[i]!) <= 1e-6 * Math.max(1, Math.abs(x))));
    assert.ok(given.some((x) => x !== 0));
  });
}

test('random weights are compared with what their seed says, not with what the file has', async () => {
  const path = join(folder(), 'm.onnx');
  const small = ['layers=1', 'vocab=64', 'dim=16', 'inner=32', 'rank=2'].flatMap((s) => ['--set', s]);
  const made = await nanoc(['compile', 'mamba', ...small, '--seed', '4', '-o', path]);
  assert.is(made.code, 0, made.err);
  assert.is((await nanoc(['verify', path])).code, 0);
  const whole = decode('ModelProto', bytesOf(path)) as {
    graph: { initializer: { name: string; rawData: Uint8Array }[] };
  }; // what the schema says is there
  const { rawData } = whole.graph.initializer.find((t) => t.name.endsWith('A_log'))!;
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  view.setFloat32(0, 2 * view.getFloat32(0, true), true);
  const { code, out } = await nanoc([
    'verify',
    written('m.onnx', encode('ModelProto', whole)),
    '--no-bisect',
  ]);
  assert.is(code, 1, out);
});

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
  const model = openModel(path);
  const { compiled } = recompileModel(model);
  const kept = compiled.graph.nodes.find((n) => n.attrs['of'] === 'scale');
  assert.ok(kept, 'the arithmetic is folded');
  const weightsOf = ownWeights(path, compiled.graph, model.tensors());
  const whole = weightsOf(compiled.reference).values('scale');
  const stored = weightsOf(compiled.graph).values(String(kept.attrs['name']));
  assert.ok(whole.every((x, i) => Math.abs(1 + 2 * x - stored[i]!) < 1e-6));
  assert.ok(whole.some((x, i) => x !== stored[i]!));
  assert.ok(bytesOf(path).length > 0);
});

test.run();
