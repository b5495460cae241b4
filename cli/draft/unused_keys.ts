/** Entries of a config that a draft took no notice of, so that nothing in them is passed over silently. */

import type { Json, JsonObject } from '../../compiler/weights/checkpoint.ts';
import { isObject } from '../../compiler/weights/safetensors.ts';

/** They say nothing about what is computed for a token. */
const idle =
  /token|dropout|pdrop|summary|use_bias|attention_bias|mlp_bias|padded_vocab|dtype|version|architectures|model_type|initializer|use_cache|name_or_path|auto_map|pretraining_tp|aux_loss|output_|gradient|torch|transformers|classifier|chunk_size_feed|return_|id2label|label2id|problem_type|quantization|vision|audio|image|source|architecture|note|is_decoder|slow_but|tie_word|hidden_act|layer_types|text_config|max_window_layers|router|word_embed_proj_dim|init_std|alibi_bias_max/;

/** They are known to change what is computed. */
const telling =
  /multiplier|logit_scale|logits_scaling|residual_scale|scale_emb|clip_qkv|no_rope|residual_connection_post|scale_attn_by/;

/** They say something out of the ordinary by being false. */
const contrary = /do_layer_norm_before|scale_attn_weights/;

export function unusedKeys(config: JsonObject, seen: ReadonlySet<string>) {
  const all = [...flat(config, '')].filter(
    ([key, value]) =>
      !seen.has(key) && !idle.test(key) && (contrary.test(key) ? value === false : tells(key, value)),
  );
  const text = ([key, value]: readonly [string, Json]): string => `${key} = ${JSON.stringify(value)}`;
  const changes = ([key]: readonly [string, Json]): boolean => telling.test(key) || contrary.test(key);
  const others = all.filter((entry) => !changes(entry));
  return {
    assumed:
      others.length === 0
        ? []
        : [`entries of the config without a part in it: ${others.map(text).join(', ')}`],
    lacks: all.filter(changes).map((entry) => `where the config's ${text(entry)} goes`),
  };
}

/** Null, false, 0, 1 and "default" are how configs say "nothing out of the ordinary", but a bound of 1 is one. */
const tells = (key: string, value: Json): boolean =>
  value !== null &&
  value !== false &&
  (value !== 1 || /clip/.test(key)) &&
  value !== 0 &&
  value !== 'default';

function* flat(config: JsonObject, prefix: string): Generator<readonly [string, Json]> {
  for (const [key, value] of Object.entries(config)) {
    if (isObject(value)) yield* flat(value, `${prefix}${key}.`);
    else yield [`${prefix}${key}`, value];
  }
}
