/** Sizes by name: the entry of a config that gives each, and shapes in terms of them. */

import type { Json, JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { isObject } from '../../compiler/checkpoint/safetensors.ts';

/** Names of entries that configs use for each size, the most common first; in the order of a spec's config. */
export const sizeKeys = {
  vocab: ['vocab_size', 'padded_vocab_size'],
  padded: ['padded_vocab_size'],
  context: [
    'max_position_embeddings',
    'n_positions',
    'block_size',
    'max_seq_len',
    'sequence_len',
    'context_length',
    'n_ctx',
    'max_sequence_length',
    'seq_length',
  ],
  depth: ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers', 'depth'],
  heads: ['num_attention_heads', 'n_head', 'n_heads', 'num_heads', 'attention_heads'],
  kv_heads: [
    'num_key_value_heads',
    'n_kv_heads',
    'n_kv_head',
    'num_kv_heads',
    'n_kv_groups',
    'n_query_groups',
    'n_local_heads',
    'multi_query_group_num',
  ],
  dim: ['hidden_size', 'n_embd', 'd_model', 'emb_dim', 'dim', 'model_dim', 'embed_dim'],
  head_dim: ['head_dim', 'd_head', 'kv_channels', 'head_size'],
  hidden: ['intermediate_size', 'n_inner', 'ffn_hidden_size', 'hidden_dim', 'ffn_dim', 'd_ff'],
  n_experts: [
    'num_local_experts',
    'num_experts',
    'n_routed_experts',
    'moe_num_experts',
    'n_expert',
    'n_experts',
  ],
  chosen: [
    'num_experts_per_tok',
    'num_experts_per_token',
    'n_expert_per_token',
    'moe_top_k',
    'top_k',
    'experts_per_token',
  ],
  share: ['routed_scaling_factor'],
  expert_hidden: ['moe_intermediate_size', 'expert_hidden_size'],
  shared_hidden: ['shared_expert_intermediate_size'],
  eps: [
    'rms_norm_eps',
    'norm_eps',
    'layer_norm_eps',
    'layer_norm_epsilon',
    'layernorm_epsilon',
    'norm_epsilon',
  ],
  window: ['sliding_window', 'sliding_window_size', 'window_size'],
  base: ['rope_parameters.rope_theta', 'rope_theta', 'rope_base', 'rotary_emb_base', 'rotary_base'],
  far_base: ['rope_parameters.full_attention.rope_theta'],
  near_base: ['rope_parameters.sliding_attention.rope_theta', 'rope_local_base_freq'],
  turned: ['rotary_dim'],
  part: [
    'rope_parameters.partial_rotary_factor',
    'partial_rotary_factor',
    'rotary_pct',
    'rotary_percent',
    'rotary_percentage',
  ],
  condensed: ['rope_condense_ratio', 'condense_ratio'],
  factor: ['rope_parameters.factor', 'rope_scaling.factor', 'rope_freq.factor', 'rope_adjustments.factor'],
  low: [
    'rope_parameters.low_freq_factor',
    'rope_scaling.low_freq_factor',
    'rope_freq.low_freq_factor',
    'rope_adjustments.low_freq_factor',
  ],
  high: [
    'rope_parameters.high_freq_factor',
    'rope_scaling.high_freq_factor',
    'rope_freq.high_freq_factor',
    'rope_adjustments.high_freq_factor',
  ],
  original: [
    'rope_parameters.original_max_position_embeddings',
    'rope_scaling.original_max_position_embeddings',
    'rope_freq.original_context_length',
    'rope_adjustments.original_max_seq_len',
  ],
  lean: ['attn_config.alibi_bias_max', 'alibi_bias_max'],
  query: ['query_pre_attn_scalar', 'attention_scores_scalar'],
  multiplier: ['attention_multiplier', 'attn_config.softmax_scale', 'softmax_scale'],
  inner: ['attn_logit_softcapping', 'attention_logit_softcapping'],
  outer: ['final_logit_softcapping'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type SizeName = keyof typeof sizeKeys;

/** A value of the config and the key that it stands under. */
export interface Found {
  readonly key: string;
  readonly value: Json;
}

export interface Sizes {
  /** Looks up the first of these keys that is present and not null. */
  readonly look: (keys: readonly string[]) => Found | undefined;
  /** Like `look`; the entry then counts as accounted for by the draft. */
  readonly find: (keys: readonly string[]) => Found | undefined;
  /** Like `find`; the spec then expects this value of a checkpoint. */
  readonly rely: (keys: readonly string[]) => Found | undefined;
  /** The value of a size, which gets an entry in the spec; undefined where neither the config nor `know` has given it. */
  readonly use: (name: SizeName) => number | undefined;
  /** Sets a size from a shape. It overrides the config, but not a value that the spec uses already. */
  readonly know: (name: SizeName, value: number) => void;
  /** The value of a size without adding an entry. */
  readonly peek: (name: SizeName) => number | undefined;
  /** `value` as the first of these products (`heads * head`) that equals it, else the bare number. */
  readonly say: (value: number, ...products: readonly string[]) => string;
  /** The lines of the spec's config. */
  readonly entries: () => readonly string[];
  /** Lines of the spec below its config that define sizes. */
  readonly constants: () => readonly string[];
  /** The entries that `rely` found. */
  readonly relied: () => readonly Found[];
  /** Keys that the draft accounts for. */
  readonly seen: ReadonlySet<string>;
  /** All sizes that are known or used, with their values. */
  readonly numbers: () => ReadonlyMap<SizeName, number>;
  /** Keys below the top are joined by dots. */
  readonly config: JsonObject;
}

/** Looks up entries of a config, and records which of them the draft accounts for. */
function lookups(
  config: JsonObject,
): Pick<Sizes, 'look' | 'find' | 'rely' | 'relied'> & { readonly seen: Set<string> } {
  const seen = new Set<string>();

  const relied = new Map<string, Found>();

  const look = (keys: readonly string[]): Found | undefined => {
    for (const key of keys) {
      const value = at(config, key);
      if (value !== undefined && value !== null) return { key, value };
    }
    return undefined;
  };
  const find = (keys: readonly string[]): Found | undefined => {
    const found = look(keys);
    if (found) seen.add(found.key);
    return found;
  };
  const rely = (keys: readonly string[]): Found | undefined => {
    const found = find(keys);
    if (found) relied.set(found.key, found);
    return found;
  };
  return { look, find, rely, relied: () => [...relied.values()], seen };
}

export function sizesOf(config: JsonObject): Sizes {
  const { look, find, rely, relied, seen } = lookups(config);
  const known = new Map<SizeName, number>();
  const used = new Set<SizeName>();

  const said = (name: SizeName): { readonly key: string; readonly value: number } | undefined => {
    const found = look(sizeKeys[name]);
    return typeof found?.value === 'number' ? { key: found.key, value: found.value } : undefined;
  };
  const peek = (name: SizeName): number | undefined => known.get(name) ?? said(name)?.value;
  const use = (name: SizeName): number | undefined => {
    const value = peek(name);
    if (value === undefined) return undefined;
    used.add(name);
    const found = said(name);
    if (found?.value === value) seen.add(found.key);
    if (name === 'head_dim') used.add('heads');
    return value;
  };
  /** A head's width is a constant where it follows from the others. */
  const follows = (name: SizeName): boolean =>
    name === 'head_dim' &&
    said('head_dim')?.value !== peek('head_dim') &&
    peek('head_dim')! * peek('heads')! === peek('dim');
  return {
    look,
    find,
    rely,
    relied,
    peek,
    use,
    know(name, value) {
      if (!used.has(name)) known.set(name, value);
    },
    say(value, ...products) {
      const fits = products.find((product) => productOf(product, peek) === value);
      if (fits === undefined) return String(value);
      for (const name of namesIn(fits)) use(name);
      return fits;
    },
    entries: () =>
      (Object.keys(sizeKeys) as SizeName[])
        .filter((name) => used.has(name) && !follows(name))
        .map((name) => entry(name, peek(name)!, said(name))),
    constants: () => (used.has('head_dim') && follows('head_dim') ? ['head_dim = dim / heads'] : []),
    seen,
    config,
    numbers: () =>
      new Map(
        (Object.keys(sizeKeys) as SizeName[]).flatMap((name) => {
          const value = known.get(name) ?? (used.has(name) ? peek(name) : undefined);
          return value === undefined ? [] : [[name, value] as const];
        }),
      ),
  };
}

/** A line of the spec's config: from the key of the checkpoint that gives the same value, or else with the number alone. */
function entry(
  name: SizeName,
  value: number,
  said: { readonly key: string; readonly value: number } | undefined,
): string {
  return `${name} = ${numeral(value)}${said?.value === value ? ` from "${said.key}"` : ''}`;
}

const isSize = (word: string): word is SizeName => word in sizeKeys;
const namesIn = (product: string): readonly SizeName[] => product.split(' * ').filter(isSize);

function productOf(product: string, peek: Sizes['peek']): number | undefined {
  let result = 1;
  for (const word of product.split(' * ')) {
    const value = isSize(word) ? peek(word) : Number(word);
    if (value === undefined) return undefined;
    result *= value;
  }
  return result;
}

/** `1e-5` rather than `0.00001`. */
const numeral = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);

/** `a.b` looks inside the object `a`. */
function at(config: JsonObject, key: string): Json | undefined {
  let value: Json | undefined = config;
  for (const part of key.split('.')) value = isObject(value) ? value[part] : undefined;
  return value;
}
