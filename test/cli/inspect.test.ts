import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readTensors } from '../../runtime/verify/golden.ts';
import { fixture, folder, hostile, nanoc, root, tiny } from './run_cli.ts';

test('a spec shows its parameters, memory and ports at its own sizes', async () => {
  const { code, out } = await nanoc(['inspect', 'nanochat']);
  assert.is(code, 0);
  assert.match(out, 'nanochat_2026_03: 897M parameters (896533746)');
  assert.match(out, 'weights: 3.6 GB as f32, 1.8 GB as f16 or bf16');
  // 20 layers of keys and values of 10 heads of 128 in float32 for each token.
  assert.match(out, `${(20 * 2 * 10 * 128 * 4) / 1000} kB a token`.replace('204.8', '205'));
  assert.match(out, 'transformer.h.{0..19}.attn.k');
});

test('a spec shows its parameters by block and the arithmetic of a token', async () => {
  const { out } = await nanoc(['inspect', 'gpt2']);
  assert.match(out, /^h\.\{0\.\.11\}\.attn +28M +22\.8 %$/m);
  assert.match(out, /^wte +39M +31\.0 %$/m);
  const { blocks, flops, parameters } = JSON.parse((await nanoc(['inspect', 'gpt2', '--json'])).out);
  assert.is(
    blocks.reduce((n: number, b: { parameters: number }) => n + b.parameters, 0),
    parameters,
  );
  // 12 layers with 12 * 768^2 weights, and a head of 50257 * 768; 12 layers over 1024 keys and values of 768.
  const [weights, attention] = [2 * (12 * 12 * 768 ** 2 + 50257 * 768), 12 * 4 * 768 * 1024];
  assert.equal(flops, { weights, attention, keys: 1024 });
  const { out: mamba } = await nanoc(['inspect', 'mamba']);
  assert.match(mamba, /^FLOPs: \w+ a token for the weights$/m);
  const narrow = await nanoc(['inspect', 'mistral', '--set', 'window=100', '--json']);
  const wide = await nanoc(['inspect', 'mistral', '--set', 'window=200', '--json']);
  assert.is(2 * JSON.parse(narrow.out).flops.attention, JSON.parse(wide.out).flops.attention);
});

test('keys and values that are made anew from a latent count as often as there are keys', async () => {
  const tokens = (context: number) => `context=${context}`;
  const run = async (...sets: readonly string[]) => {
    const args = ['inspect', 'deepseek_v2', ...sets.flatMap((s) => ['--set', s]), '--json'];
    const { flops, config } = JSON.parse((await nanoc(args)).out);
    const of = (name: string): number => config.find((entry: { name: string }) => entry.name === name).value;
    return { flops, of };
  };
  const { flops, of } = await run(tokens(1000), 'layers=2');
  const [heads, plain, turned, value] = ['heads', 'plain', 'turned', 'value'].map(of) as number[];
  // kv_b_proj over each key, then products with keys and with values.
  const layer = 2 * heads! * 1000 * (of('kv_rank') * (plain! + value!) + plain! + turned! + value!);
  assert.is(flops.attention, 2 * layer);
  const longer = (await run(tokens(3000), 'layers=2')).flops;
  assert.equal([longer.weights, longer.attention], [flops.weights, 3 * flops.attention]);
});

test('a checkpoint of another family shows the spec that fits it, or what was looked for', async () => {
  assert.match((await nanoc(['inspect', fixture('hf-gemma2')])).out, 'spec: gemma2 (model_type is gemma2)');
  assert.match(
    (await nanoc(['inspect', fixture('llama2c-gqa')])).out,
    'spec: llama2c (every size is in its config',
  );
  const lonely = `${fixture('qwen3')}/model.safetensors`;
  const alone = join(folder(), 'model.safetensors');
  copyFileSync(lonely, alone);
  assert.match((await nanoc(['inspect', alone])).out, /spec: none: no shipped spec fits this checkpoint/);
});

/** A checkpoint of ours with another config. */
function changed(name: string, change: (config: Record<string, unknown>) => void): string {
  const path = folder();
  cpSync(fixture(name), path, { recursive: true });
  const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'));
  change(config);
  writeFileSync(join(path, 'config.json'), JSON.stringify(config));
  return path;
}

test('the spec of a checkpoint is tried: what it is refused for, and which tensors match', async () => {
  const fine = await nanoc(['inspect', fixture('hf-llama')]);
  assert.match(fine.out, /^spec: llama \(model_type is llama\)\ntensors: all 29 match$/m);
  const biased = changed('hf-llama', (config) => Object.assign(config, { attention_bias: true }));
  const { out } = await nanoc(['inspect', biased]);
  assert.match(out, /^spec: llama .*, but it is refused: N612: .*"attention_bias" = false.* says true$/m);
  assert.match(out, /^tensors: all 29 match$/m);
  const ran = await nanoc(['compile', '--checkpoint', biased, '-o', join(folder(), 'm.onnx')]);
  assert.match(ran.err, 'error N612');
  const wide = changed('hf-llama', (config) => Object.assign(config, { intermediate_size: 49 }));
  const told = (await nanoc(['inspect', wide])).out;
  assert.match(told, /but it is refused: N610: /);
  assert.match(
    told,
    /^tensors: not all match: model.*gate_proj.weight is \[48, 32\].*, and 2 more that .* up to model.layers.2.*; model/m,
  );
  const sizeless = changed('hf-llama', (config) => void delete config['hidden_size']);
  assert.match((await nanoc(['inspect', sizeless])).out, /refused: N611: .*\ntensors: not compared/);
  const json = JSON.parse((await nanoc(['inspect', biased, '--json'])).out);
  assert.equal([json.spec.name, json.spec.refused[0].code], ['llama', 'N612']);
});

test('a config is printed key by key, and what the spec has no use for is marked', async () => {
  const odd = { num_experts: 4, inner: { a: 1, b: [] }, ids: [1, 2, 3, 4, 5, 6, 7, 8] };
  const { out } = await nanoc(['inspect', changed('hf-llama', (config) => Object.assign(config, odd))]);
  assert.match(out, 'config (config.json); - is what llama neither reads nor expects:');
  for (const line of [
    /^ {2}hidden_size +32$/m,
    /^ {2}rope_parameters\.factor +8$/m,
    /^- num_experts +4$/m,
    /^- inner\.b +\[\]$/m,
    /^- ids +\[1, 2, 3, 4, \.\.\. 8 in all\]$/m,
  ])
    assert.match(out, line);
});

test('sizes come from a checkpoint or from --set', async () => {
  const d4 = `${tiny}/base_checkpoints/d4`;
  const { out } = await nanoc(['inspect', 'nanochat', '--checkpoint', d4, '--json']);
  // The README beside the model says so.
  assert.is(JSON.parse(out).parameters, 1_618_002);
  const set = await nanoc(['inspect', 'nanochat', '--set', 'layers=1', '--json']);
  assert.ok(JSON.parse(set.out).params.every((p: { path: string }) => !p.path.includes('h.1.')));
});

test('a checkpoint shows its format, its generation and its tensors in groups', async () => {
  const { code, out } = await nanoc(['inspect', fixture('nanochat-g2-origmod')]);
  assert.is(code, 0);
  assert.match(out, 'torch zip');
  assert.match(out, 'spec: nanochat_2026_01_lambdas (resid_lambdas is there, window_pattern is not)');
  assert.match(out, /transformer\.h\.\{0\.\.\d\}\.attn\.c_q\.weight +float32\[/);
  assert.match(
    (await nanoc(['inspect', fixture('nanochat-g4-valueembed')])).out,
    /spec: nanochat_2026_01 or /,
  );
});

test('machines get a checksum of every logical tensor, whatever the file format', async () => {
  const expected = readTensors(readFileSync(`${hostile('')}expected.safetensors`), 'expected');
  const sha = (values: ArrayLike<number>): string =>
    createHash('sha256')
      .update(new Uint8Array(Float32Array.from(values).buffer))
      .digest('hex');
  for (const path of [
    hostile('control-pt'),
    `${hostile('control-safetensors')}/model.safetensors`,
    hostile('noncontiguous'),
    hostile('legacy-format'),
  ]) {
    const { code, out, err } = await nanoc(['inspect', path, '--json']);
    assert.is(code, 0, err);
    const { tensors } = JSON.parse(out) as { tensors: { name: string; sha256: string; dtype: string }[] };
    assert.is(tensors.length, expected.size);
    for (const { name, sha256 } of tensors)
      assert.is(sha256, sha(expected.get(name)!.data), `${path} ${name}`);
    assert.is.not(tensors[0]!.sha256, tensors[1]!.sha256);
  }
});

test('a compiled model shows what it was made from and its boundary', async () => {
  const path = join(folder(), 'm.onnx');
  await nanoc(['compile', 'nanochat', '--checkpoint', fixture('nanochat-g7-mha-t300'), '-o', path]);
  const { code, out } = await nanoc(['inspect', path]);
  assert.is(code, 0);
  assert.match(out, 'nanochat_2026_03, made by nanoc');
  assert.match(out, 'opset 21, IR 10, cache dynamic, logits all, context 3000');
  assert.match(out, /past_key_values\.0\.key +float32\[batch_size, 3, past_sequence_length, 16\]/);
  assert.match(out, /present_state\.x +float32\[batch_size, 1, 48\]/);
  const json = JSON.parse((await nanoc(['inspect', path, '--json'])).out);
  assert.is(json.manifest.vocab, 128);
  assert.is(json.ir, 10);
});

test('what cannot be inspected is refused', async () => {
  for (const [what, code] of [
    ['/nowhere.pt', 'N601'],
    ['/nowhere.onnx', 'N704'],
    ['nanochatt', 'N507'],
    [`${root}test`, 'N601'],
    [hostile('pickle-os-system'), 'N605'],
    [hostile('st-huge-header'), 'N6'],
  ] as const) {
    const ran = await nanoc(['inspect', what]);
    assert.is(ran.code, 1, what);
    assert.match(ran.err, `error ${code}`);
  }
  assert.is((await nanoc(['inspect'])).code, 2);
});

test.run();
