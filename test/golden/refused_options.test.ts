/** A config that asks for what a family's spec does not compute is refused, and the option is named. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture, make } from './compile_fixture.ts';

type Config = Readonly<Record<string, unknown>>;

const yarn = { rope_type: 'yarn', rope_theta: 10000, factor: 4, original_max_position_embeddings: 16 };

/** The fixture, what its config says otherwise, and what the refusal has to name. */
const refused: readonly (readonly [name: string, change: Config, named: string])[] = [
  ['hf-bloom', { apply_residual_connection_post_layernorm: true }, 'apply_residual_connection'],
  ['hf-cohere', { attention_bias: true }, 'attention_bias'],
  ['hf-cohere2', { rope_parameters: yarn }, 'rope_type'],
  ['hf-deepseek-v2', { rope_parameters: { ...yarn, rope_type: 'linear' } }, 'rope scaling'],
  ['hf-deepseek-v2', { rope_parameters: { ...yarn, attention_factor: 2 } }, 'attention_factor'],
  ['hf-deepseek-v2', { hidden_act: 'gelu' }, 'hidden_act'],
  ['hf-deepseek-v2', { topk_method: 'noaux_tc' }, 'topk_method'],
  ['hf-deepseek-v3', { scoring_func: 'softmax' }, 'scoring_func'],
  ['hf-exaone4', { rope_parameters: yarn }, 'rope scaling'],
  ['hf-falcon', { alibi: true }, 'alibi'],
  ['hf-falcon', { parallel_attn: false }, 'parallel_attn'],
  ['hf-gemma2', { rope_parameters: yarn }, 'rope_type'],
  ['hf-gemma2', { hidden_activation: 'silu' }, 'hidden_activation'],
  ['hf-gemma3', { final_logit_softcapping: 30 }, 'final_logit_softcapping'],
  ['hf-glm4', { rope_parameters: yarn }, 'rope_type'],
  ['hf-gpt-neo', { tie_word_embeddings: false }, 'tie_word_embeddings'],
  ['hf-gpt-neox', { rope_parameters: { ...yarn, rope_type: 'linear' } }, 'rope_type'],
  ['hf-gpt-oss', { quantization_config: { quant_method: 'mxfp4' } }, 'mxfp4'],
  ['hf-gpt-oss', { rope_parameters: { ...yarn, rope_type: 'linear' } }, 'rope_type'],
  ['hf-gptj', { activation_function: 'gelu' }, 'activation_function'],
  ['hf-helium', { mlp_bias: true }, 'mlp_bias'],
  ['hf-hunyuan-v1-dense', { use_cla: true }, 'use_cla'],
  ['hf-lfm2', { rope_parameters: yarn }, 'rope_type'],
  ['hf-mistral', { rope_parameters: yarn }, 'rope_type'],
  ['hf-mistral', { hidden_act: 'gelu' }, 'hidden_act'],
  ['hf-mixtral', { rope_parameters: yarn }, 'rope_type'],
  ['hf-mpt', { attn_config: { alibi: true, alibi_bias_max: 4 } }, 'alibi_bias_max'],
  ['hf-mpt', { logit_scale: 0.5 }, 'logit_scale'],
  ['hf-nemotron', { hidden_act: 'silu' }, 'hidden_act'],
  ['hf-olmo2', { attention_bias: true }, 'attention_bias'],
  ['hf-opt', { activation_function: 'gelu' }, 'activation_function'],
  ['hf-phi3', { rope_parameters: yarn }, 'rope scaling'],
  ['hf-qwen3-moe', { use_sliding_window: true }, 'use_sliding_window'],
  ['hf-qwen3', { is_causal: false }, 'is_causal'],
  ['hf-qwen3', { rope_parameters: { ...yarn, rope_type: 'linear' } }, 'rope scaling'],
  ['hf-qwen3-5', { attn_output_gate: false }, 'attn_output_gate'],
  ['hf-recurrent-gemma', { hidden_activation: 'silu' }, 'hidden_activation'],
  ['hf-starcoder2', { hidden_act: 'relu' }, 'hidden_act'],
  ['hf-stablelm', { rope_parameters: yarn }, 'rope_type'],
];

for (const [name, change, named] of refused) {
  test(`${name} with ${JSON.stringify(change)} is refused for ${named}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'refused-'));
    try {
      cpSync(fixture(name), folder, { recursive: true });
      const file = join(folder, 'config.json');
      const config = JSON.parse(readFileSync(file, 'utf8')) as Config;
      make(folder, undefined);
      writeFileSync(file, JSON.stringify({ ...config, ...change }));
      assert.throws(
        () => make(folder, undefined),
        (error: Error) => error.message.includes(named) && !error.message.includes('not found'),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test.run();
