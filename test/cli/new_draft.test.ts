import { writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { placeNorms } from '../../driver/draft/norms.ts';
import { fixture as golden, open, readFixture } from '../golden/compile_fixture.ts';
import { measure } from '../golden/measure.ts';
import { draft, textOf } from './draft_checkpoint.ts';
import { nanoc } from './run_cli.ts';

const unshipped = (name: string): string => `../unshipped/${name}`;

/** What names and shapes tell in full, and the code of others says the same. */
const complete: readonly string[] = [
  ...[
    'hf-bloom',
    'hf-falcon',
    'hf-falcon-grouped',
    'hf-gpt-neox',
    'hf-gpt2',
    'hf-llama',
    'hf-mistral',
    'hf-mixtral',
  ],
  ...['hf-mixtral-window', 'hf-olmo2', 'hf-phi3', 'hf-qwen2', 'hf-qwen3', 'hf-qwen3-moe', 'hf-stablelm'],
  ...['hf-gemma', 'hf-gemma2', 'hf-gemma3', 'hf-olmo3', 'hf-phi', 'hf-smollm3', 'hf-starcoder2'],
  ...[
    'nanochat-g1-mha',
    'nanochat-g1p-gqa-mixed',
    'llama2c-gqa',
    'llama32-ropescaling',
    'nanogpt-bias',
    'nanogpt-nobias',
    'qwen3',
  ],
  ...['hf-arcee', 'hf-gpt-bigcode'].map(unshipped),
  ...['hf-exaone4', 'hf-exaone4-full', 'hf-glm4', 'hf-gptj', 'hf-helium', 'hf-nemotron'],
  ...['hf-persimmon', 'hf-qwen2-moe'].map(unshipped),
  'hf-opt',
];

for (const name of complete) {
  test(`the draft of ${name} is complete and computes what it should`, async () => {
    const { path, code, complete: whole, shipped } = await draft(golden(name));
    assert.is(code, 0);
    assert.ok(whole);
    assert.is(shipped === undefined, name.startsWith('../unshipped/'));
    assert.is((await nanoc(['fmt', '--check', path])).code, 0);
    const allowed = readFixture(name).tolerance.atol_float32;
    const session = await open(golden(name), path);
    const { uncached, cached, sameTokens } = await measure(session, name);
    await session.close();
    assert.ok(uncached <= allowed && cached <= allowed && sameTokens, `${uncached}, ${cached} apart`);
  });
}

test('a draft with one thing changed is seen', async () => {
  const { path } = await draft(golden('hf-phi'));
  const edit = (text: string): string => text.replace('floor(head_dim * part)', 'head_dim');
  assert.is.not(edit(textOf(path)), textOf(path));
  const session = await open(golden('hf-phi'), path, { edit });
  const { uncached } = await measure(session, 'hf-phi');
  await session.close();
  assert.ok(uncached > 1e-2, `only ${uncached} apart`);
});

test('a draft computes what it should when what it misses is written', async () => {
  const { path } = await draft(golden('hf-mpt'));
  const edit = (text: string): string =>
    text
      .replaceAll(/^ *require false, .*\n/gm, '')
      .replace('unbind(Wqkv(x) as', 'unbind(clamp(Wqkv(x), -1.5, 1.5) as');
  const session = await open(golden('hf-mpt'), path, { edit });
  const { uncached, cached } = await measure(session, 'hf-mpt');
  await session.close();
  assert.ok(Math.max(uncached, cached) <= readFixture('hf-mpt').tolerance.atol_float32, `${uncached} apart`);
});

test('of norms on both sides of a branch, the name that says more decides', () => {
  const glm4 = [
    'input_layernorm',
    'post_attention_layernorm',
    'post_self_attn_layernorm',
    'post_mlp_layernorm',
  ];
  assert.equal(placeNorms(glm4).norms, {
    beforeAttention: 'input_layernorm',
    afterAttention: 'post_self_attn_layernorm',
    beforeMlp: 'post_attention_layernorm',
    afterMlp: 'post_mlp_layernorm',
  });
  assert.is(placeNorms(glm4.toSpliced(2, 1)).norms.afterAttention, 'post_attention_layernorm');
});

/** What drafts certainly lack; every tensor is declared all the same. */
const lacking: Readonly<Record<string, readonly string[]>> = {
  'hf-deepseek-v2': ['what SelfAttn computes'],
  'hf-gpt-oss': ['how rotations are slowed (rope_type "yarn")', 'what Mlp computes'],
  'hf-mamba': ['what Mixer computes'],
  'hf-mpt': ["where the config's attn_config.clip_qkv = 1.5 goes"],
  'nanochat-g4-valueembed': [
    'where value_embeds goes',
    'where resid_lambdas goes',
    'where x0_lambdas goes',
    'where the config\'s window_pattern = "SSSL" goes',
    'where ve_gate goes',
  ],
  'hf-granite': ['embedding_multiplier', 'logits_scaling', 'residual_multiplier'].map(
    (key, i) => `where the config's ${key} = ${[3, 2, 0.5][i]} goes`,
  ),
};

for (const [name, missing] of Object.entries(lacking)) {
  test(`the draft of ${name} says what is missing, and refuses to compile`, async () => {
    const { path, code, complete: whole, missing: said } = await draft(golden(name));
    assert.equal([code, whole, said], [0, false, missing]);
    const check = await nanoc(['check', path]);
    assert.is(check.code, 1);
    assert.match(check.err, /error N317: say /);
    const open = textOf(path).replaceAll(/^ *require false, .*\n/gm, '');
    writeFileSync(path, open);
    const compiled = await nanoc([
      'compile',
      path,
      '--checkpoint',
      golden(name),
      '-o',
      path.replace('.nanospec', '.onnx'),
    ]);
    assert.is(compiled.code, 0, compiled.err);
  });
}

test.run();
