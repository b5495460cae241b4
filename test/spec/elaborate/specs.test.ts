/** Each shipped spec elaborates without a word, as written and with a checkpoint's config. */

import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { check } from '../../../spec/check.ts';
import { parse } from '../../../spec/parse.ts';
import type { ElaborationOptions, Program } from '../../../spec/program.ts';
import { shipped } from '../specs.ts';
import { include } from './refused.ts';

const hugging = {
  vocab_size: 128,
  max_position_embeddings: 64,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  hidden_size: 64,
  intermediate_size: 96,
  rms_norm_eps: 1e-5,
  layer_norm_eps: 1e-5,
  rope_theta: 10000,
  head_dim: 16,
  num_local_experts: 4,
  num_experts_per_tok: 2,
  tie_word_embeddings: false,
};
const openai = { vocab_size: 128, n_positions: 64, n_layer: 2, n_head: 4, n_embd: 32, n_inner: null };
const deepseek = {
  q_lora_rank: null,
  kv_lora_rank: 16,
  qk_nope_head_dim: 8,
  qk_rope_head_dim: 8,
  v_head_dim: 8,
  n_routed_experts: 4,
  n_shared_experts: 1,
  moe_intermediate_size: 24,
  first_k_dense_replace: 1,
};
const karpathy = {
  sequence_len: 64,
  vocab_size: 90,
  n_layer: 3,
  n_head: 4,
  n_kv_head: 2,
  n_embd: 128,
  window_pattern: 'SL',
};
const scaled = {
  rope_scaling: { factor: 2, original_max_position_embeddings: 32, truncate: false },
  sliding_window: 8,
  attention_bias: true,
};

const configs: Readonly<Record<string, NonNullable<ElaborationOptions['config']>>> = {
  gpt2: { ...openai, layer_norm_epsilon: 1e-5, activation_function: 'gelu_new' },
  llama: { ...hugging, hidden_act: 'silu', tie_word_embeddings: true },
  gemma3: { text_config: { ...hugging, sliding_window: 8, num_attention_heads: 8 }, vision_config: {} },
  deepseek_v2: { ...hugging, ...deepseek },
  mixtral: { ...hugging, hidden_act: 'silu', sliding_window: null },
  gpt_oss: { ...hugging, ...scaled },
  gpt_neox: { ...hugging, rotary_pct: 0.5, hidden_act: 'gelu' },
  mpt: { vocab_size: 128, n_layers: 2, n_heads: 6, d_model: 48, attn_config: { alibi: true, clip_qkv: 6 } },
};

Object.assign(configs, {
  nanogpt: { vocab_size: 160, block_size: 64, n_layer: 3, n_head: 4, n_embd: 64, bias: true },
  llama2c: {
    vocab_size: 192,
    max_seq_len: 64,
    n_layers: 3,
    n_heads: 4,
    n_kv_heads: 2,
    dim: 64,
    multiple_of: 32,
  },
});

const golden = new URL('../../fixtures/golden/', import.meta.url);

/** Of the fixture that a shipped spec is held against. */
function configOf(spec: string): NonNullable<ElaborationOptions['config']> {
  const own = configs[spec];
  const names = [
    `hf-${spec.replaceAll('_', '-')}`,
    { from_scratch_llama3: 'llama32-ropescaling' }[spec],
    'qwen3',
  ];
  const file = names.map((n) => new URL(`${n}/config.json`, golden)).find((f) => existsSync(f))!;
  return spec.startsWith('nanochat') ? karpathy : (own ?? JSON.parse(readFileSync(file, 'utf8')));
}

const specs = shipped.filter((s) => !s.name.includes('prelude'));

function elaborated(name: string, config?: NonNullable<ElaborationOptions['config']>): Program {
  const source = specs.find((s) => s.name.endsWith(`/${name}.nanospec`))!;
  const { program, diagnostics } = check(parse(source).value!, { include, ...(config ? { config } : {}) });
  assert.equal(diagnostics, []);
  return program!;
}

for (const { name } of specs) {
  const short = name.split('/').at(-1)!.replace('.nanospec', '');
  if (/^deepseek/.test(short)) continue; // unrolled at full size it takes seconds
  test(`${name} elaborates with its example sizes`, () => {
    const { diagnostics, program } = check(parse(specs.find((s) => s.name === name)!).value!, { include });
    assert.equal(diagnostics, []);
    assert.ok(program!.params.length > 40 && program!.ports.length > 10);
    assert.ok(program!.config.every((e) => e.from === 'example' || e.from === 'else'));
  });
  test(`${name} elaborates with a checkpoint's config`, () => {
    const config = configOf(short);
    const source = specs.find((s) => s.name === name)!;
    const { diagnostics, program } = check(parse(source).value!, { include, config });
    assert.equal(diagnostics, []);
    assert.ok(program!.config.some((e) => e.from === 'checkpoint'));
  });
}

test('DeepSeek-V2 keeps one latent and one key for all heads of a token', () => {
  const { ports, params } = elaborated('deepseek_v2', configs['deepseek_v2']);
  assert.equal(
    ports.map((p) => p.name),
    [0, 1, 2].flatMap((i) => ['latent', 'k_turned'].map((name) => `model.layers.${i}.self_attn.${name}`)),
  );
  assert.ok(params.some((p) => p.key === 'model.layers.0.mlp.gate_proj.weight'));
  assert.ok(params.some((p) => p.key === 'model.layers.1.mlp.experts.3.down_proj.weight'));
  assert.not(
    params.some((p) => p.key.includes('q_a_proj')),
    'the rank is none in this config',
  );
});

test('nanochat has value embeddings on every second layer, and a port for its smear', () => {
  const { params, ports } = elaborated('nanochat_2026_03', karpathy);
  const embeds = params.filter((p) => p.path.startsWith('value_embeds')).map((p) => p.key);
  assert.equal(embeds, ['value_embeds.0.weight', 'value_embeds.2.weight']);
  assert.equal(
    ports.map((p) => [p.name, p.last]),
    [
      ['x', 1],
      ...[0, 1, 2].flatMap((i) => ['k', 'v'].map((n) => [`transformer.h.${i}.attn.${n}`, undefined])),
    ],
  );
});

test('a padded vocabulary is rounded up when the checkpoint does not say it', () => {
  const { params } = elaborated('nanochat_2026_03', karpathy);
  const head = params.find((p) => p.key === 'lm_head.weight')!;
  assert.equal(head.shape, [128, 128]);
  assert.is(head.shapeText, '[padded (128), dim (128)]');
});

test("a biased LayerNorm keeps the checkpoint's name for what the spec calls offset", () => {
  const { params } = elaborated('gpt2', configs['gpt2']);
  const offset = params.find((p) => p.path === 'h.1.ln_1.offset')!;
  assert.is(offset.key, 'h.1.ln_1.bias');
  assert.ok(params.some((p) => p.key === 'h.1.attn.c_attn.bias'));
});

test('a tied head makes no parameter', () => {
  const keys = (tied: boolean) =>
    elaborated('llama', { ...configs['llama'], tie_word_embeddings: tied }).params.map((p) => p.key);
  assert.not(keys(true).includes('lm_head.weight'));
  assert.ok(keys(false).includes('lm_head.weight'));
});

test('the rules of names are handed on', () => {
  const { names } = elaborated('gemma3', configs['gemma3']);
  assert.equal(names.prefixes, [
    { from: 'language_model.', to: '' },
    { from: 'model.language_model.', to: 'model.' },
  ]);
  assert.is(names.ignore.length, 4);
  assert.equal(
    names.tied.map((t) => [t.key, t.param]),
    [['lm_head.weight', 'model.embed_tokens.weight']],
  );
});

test('the interface of the model is in the program', () => {
  const { model, inputs, outputs } = elaborated('gpt2', configs['gpt2']);
  assert.is(model, 'gpt2');
  assert.equal(
    inputs.map((i) => [i.name, i.type.dtype, i.type.shape.length]),
    [['tokens', 'int64', 2]],
  );
  assert.equal(
    outputs.map((o) => [o.name, o.type.dtype, o.type.shape.length]),
    [['logits', 'float32', 3]],
  );
});

test.run();
