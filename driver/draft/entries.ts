/**
 * The entries of a config held against a draft. One that could bear on the arithmetic, and that neither a part of the draft
 * accounts for nor its shapes agree with, makes the draft refuse to compile: it would compute something else.
 */

import type { Json, JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { isObject } from '../../compiler/checkpoint/safetensors.ts';
import { lastOf } from '../../spec/dotted_path.ts';
import type { DraftFacts, Part } from './draft_facts.ts';
import { idle, isBearing } from './entry_names.ts';
import type { OpenPoints } from './notes.ts';
import { perLayerLists } from './per_layer_lists.ts';
import { type Sizes, sizeKeys } from './sizes.ts';

type Entry = readonly [key: string, value: Json];

/** `unknown`: a part of the draft is missing as a whole, and entries may be about it; those of what stands elsewhere may not. */
export function heldAgainst(sizes: Sizes, truths: DraftFacts, unknown: boolean): OpenPoints {
  const open = [...flat(sizes.config, '')].filter(
    (entry) =>
      !sizes.seen.has(entry[0]) &&
      !idle(entry[0]) &&
      !isOfNoLayer(entry[0], sizes) &&
      !agrees(entry, truths, sizes),
  );
  const text = ([key, value]: Entry): string => `${key} = ${JSON.stringify(value)}`;
  const mayWait = ([key]: Entry): boolean => !isBearing(key) || (unknown && !outsideLayers.test(key));
  const others = open.filter(mayWait);
  return {
    assumed:
      others.length === 0
        ? []
        : [`entries of the config without a part in it: ${others.map(text).join(', ')}`],
    lacks: open.filter((entry) => !mayWait(entry)).map((entry) => `where the config's ${text(entry)} goes`),
  };
}

/** True for an entry about a kind of layers of which there is none: `rope_parameters.full_attention.rope_theta`. */
function isOfNoLayer(key: string, { look }: Sizes): boolean {
  const kind = /^rope_parameters\.(\w+_attention)\./.exec(key)?.[1];
  const kinds = look([perLayerLists.kinds])?.value;
  return kind !== undefined && Array.isArray(kinds) && !kinds.includes(kind);
}

/** Matches names of entries about parts outside attention and feed-forward parts. */
const outsideLayers = /embed|emb_|logit|residual|resid_|final|tie_|layer_?norm|rms_?norm|multiplier/i;

function agrees([key, value]: Entry, truths: DraftFacts, sizes: Sizes): boolean {
  if (value === null) return true;
  const name = lastOf(key);
  for (const { of, holds } of meanings) {
    const told = of.test(name) ? holds(value, truths, name, sizes) : undefined;
    if (told !== undefined) return told;
  }
  if (isNeutral(name, value)) return true;
  if (typeof value !== 'number') return false;
  return (
    isOwnSize(key, value, sizes) ?? (isSize.test(name) && !isBound.test(name) && truths.sizes.has(value))
  );
}

/** Such numbers are equal to a size by chance. */
const isBound =
  /window|chunk|span|clip|cap|scal|group|top_?k|per_tok|limit|stride|kernel|conv|state|shift|local|sliding|rope|rot|rank|base|kv_share/;

/** Whether the value equals the draft's size of that name; undefined where the draft has none. */
function isOwnSize(key: string, value: number, sizes: Sizes): boolean | undefined {
  const numbers = sizes.numbers();
  const known = [...numbers].filter(([name]) => (sizeKeys[name] as readonly string[]).includes(key));
  return known.length === 0 ? undefined : known.some(([, size]) => size === value);
}

/** Null, false, 0, 1 and "default" are how configs say "nothing out of the ordinary", but a bound of 1 is one. */
export const isNeutral = (name: string, value: Json): boolean =>
  value === null ||
  value === 0 ||
  value === '' ||
  value === 'default' ||
  value === 'none' ||
  (Array.isArray(value) && value.length === 0) ||
  (value === false && !meaningfulWhenFalse.test(name)) ||
  (value === true && idleWhenTrue.test(name)) ||
  (value === 1 && !/clip|clamp|window|chunk|cap|norm_type|kv_share/.test(name));

/** Matches names of entries that are out of the ordinary when false. */
const meaningfulWhenFalse =
  /do_layer_norm_before|normalize_before|norm_first|^pre_?(layer_?)?norm$|scale_attn_weights|scale_attention|no_scale|causal|affine|use_positional|position_embeddings?$/i;

/** Matches names of entries that are ordinary when true. */
const idleWhenTrue =
  /do_layer_norm_before|normalize_before|norm_first|^pre_?(layer_?)?norm$|scale_attn_weights|scale_attention$|^(is_)?causal$|is_decoder|affine|^no_scale/i;

/** Matches names of entries that give a size. */
const isSize =
  /size|dim|width|hidden|inner|ctx|context|length|position|len$|^n_|^num_|heads?$|layers?$|vocab|expert|rank/;

interface Meaning {
  readonly of: RegExp;
  /** Undefined where the value is of a type that the entry does not have. */
  readonly holds: (value: Json, truths: DraftFacts, name: string, sizes: Sizes) => boolean | undefined;
}

const yes =
  (truth: (truths: DraftFacts, name: string) => boolean | undefined): Meaning['holds'] =>
  (value, truths, name) => {
    const holds = truth(truths, name);
    return typeof value === 'boolean' && holds !== undefined ? value === holds : undefined;
  };

/** The matrices that the name of an entry is about. */
const partOf = (name: string): Part => {
  if (/norm|(^|_)ln/.test(name)) return 'norm';
  if (/head/.test(name)) return 'head';
  if (/mlp|ffn?|feed|fc/.test(name)) return 'feed';
  if (/out|o_proj|dense/.test(name)) return 'output';
  return /qkv|att|query|(^|_)(q|k|v|kv)_/.test(name) ? 'attention' : 'any';
};

/** A bias that is there in only some of the matrices makes neither answer wrong. */
function biasHolds(value: Json, { biased }: DraftFacts, name: string): boolean | undefined {
  if (typeof value !== 'boolean') return undefined;
  const part = partOf(name);
  if (part === 'any') return value === (biased.feed ?? biased.any ?? false);
  // litgpt's for queries, keys and values alone, where all others have one anyway.
  if (name === 'attn_bias' && !value && biased.feed) return undefined;
  return biased[part] === undefined ? undefined : biased[part] === value;
}

/** Matches kinds of layers that a draft recognises by their tensors, or that see all tokens. */
const plainKind =
  /^(full_?|global_?|linear_?)?(attention|attn)$|^(conv|mamba\w*|recurrent|linear|full|global|dense|sparse)$/;

/** How to check an entry against the draft; the first that matches its name and value decides. */
const meanings: readonly Meaning[] = [
  {
    of: /^layer_types$|^block_types$/,
    holds: (value) =>
      Array.isArray(value) && value.every((kind) => typeof kind === 'string' && plainKind.test(kind)),
  },
  {
    of: new RegExp(`^(${sizeKeys.context.join('|')}|model_max_length|max_length|max_target_positions)$`),
    holds: (value, { order, sizes }) =>
      typeof value === 'number' ? !order.has('table') || sizes.has(value) : undefined,
  },
  { of: /^original_max_position/, holds: (_value, { slowed }) => (slowed ? undefined : true) },
  {
    of: /multi_query$|new_decoder_architecture/,
    holds: (value, { grouped, oneKey }) => (value === true ? grouped : oneKey ? false : undefined),
  },
  {
    of: /attn_type|attention_type$/,
    holds: (value) =>
      typeof value === 'string' && /multi_?(head|query)|^(mha|gqa|mqa)$|grouped/i.test(value)
        ? true
        : undefined,
  },
  {
    of: /^(expansion_ratio|mlp_ratio|ffn_mult|ff_mult|widening_factor|mlp_expansion)$/,
    holds: (value, { ratio }) => (typeof value === 'number' ? value === ratio : undefined),
  },
  { of: /^no_bias$/, holds: yes(({ biased }) => biased.any === false) },
  {
    of: /^learned_pos_emb$/,
    holds: (value, { order }) => (value === true ? order.has('table') || order.has('alibi') : undefined),
  },
  {
    of: /^(intermediate_size|ffn_dim|hidden_dim|ffn_hidden_size)$/,
    // Where no layer is without experts, and these have a size of their own.
    holds: (value, { withExperts }, _name, { look, numbers }) =>
      typeof value === 'number' &&
      withExperts.size > 0 &&
      look(sizeKeys.expert_hidden) &&
      !numbers().has('hidden')
        ? true
        : undefined,
  },
  { of: /tie_|tied|_tying|share.*embed/, holds: yes(({ tied }) => tied) },
  { of: /^(?!.*(score|correction|router|expert|alibi|relative|conv)).*bias(es)?$/, holds: biasHolds },
  {
    of: /^(use_|apply_|has_)?(rope|rotary|rotary_emb|rotary_embeddings?|rotary_pos_emb|rotary_position_embeddings?)$/,
    holds: yes(({ order }) => order.has('rotary')),
  },
  { of: /^(use_)?alibi(_pos_bias)?$/, holds: yes(({ order }) => order.has('alibi')) },
  {
    of: /^(use_)?(learned_pos|absolute_pos|wpe|position_embeddings?$)/,
    holds: yes(({ order }) => order.has('table')),
  },
  { of: /pos(ition)?(al)?_?(emb|enc|type)/, holds: orderHolds },
  {
    of: /rope_n_elem|rotary_n_elem|rotary_ndims|rotary_dim|rope_dim/,
    holds: (value, { turned }) => (typeof value === 'number' ? value === turned : undefined),
  },
  { of: /qk_?(layer)?norm$|norm_qk$|^use_qk_norm$/, holds: yes(({ headsNormed }) => headsNormed) },
  {
    of: /norm_qk_type|qk_norm_type/,
    // Of litgpt: over a head, or over all heads.
    holds: (value, { normedHeads }) => value === (normedHeads === 'all' ? 'olmo2' : 'default'),
  },
  {
    of: /^norm_[12]$/,
    holds: (value, { parts, oneNorm, bare }, name) =>
      typeof value === 'boolean' ? value === parts.has(name) || (value && (oneNorm || bare)) : undefined,
  },
  { of: /shared_(attention|input)_(layer)?norm|share_norm/, holds: yes(({ oneNorm }) => oneNorm) },
  {
    of: /^(?:post|pre|norm|ln|input|final)\w*$/,
    holds: (value, { parts }, name) =>
      typeof value === 'boolean' && (parts.has(name) || value)
        ? parts.has(name)
          ? value
          : undefined
        : undefined,
  },
  {
    of: /first_k_dense/,
    holds: (value, { dense }) => (typeof value === 'number' ? value === Math.max(0, dense) : undefined),
  },
  { of: /^(mlp_only_layers|decoder_sparse_step)$/, holds: sparseHolds },
  {
    of: /^(moe_layer\w*|interleave_moe_layer_step|mlp_layer_types|moe_layers)$/,
    holds: (_, { withExperts }) => (withExperts.size > 0 ? true : undefined),
  },
  { of: /^num_ln_in_parallel_attn$/, holds: (value, { oneNorm }) => value === (oneNorm ? 1 : 2) },
  {
    of: /^word_embed_proj_dim$/,
    holds: (value, _truths, _name, { numbers }) => value === numbers().get('dim'),
  },
  {
    of: /expert|moe_/,
    holds: (value, { withExperts }) =>
      withExperts.size === 0 && typeof value === 'number' && value !== 0 ? false : undefined,
  },
  {
    of: /pattern|interval|max_window_layers|every_n/,
    holds: (_value, _truths, _name, { look }) =>
      Array.isArray(look(Object.values(perLayerLists))?.value) ? true : undefined,
  },
];

/** Which layers have experts, as the entries of Qwen's families tell it. */
function sparseHolds(
  _: Json,
  { withExperts }: DraftFacts,
  _name: string,
  { look, peek }: Sizes,
): boolean | undefined {
  if (withExperts.size === 0) return undefined;
  const step = look(['decoder_sparse_step'])?.value ?? 1;
  const dense = look(['mlp_only_layers'])?.value ?? [];
  if (typeof step !== 'number' || !Array.isArray(dense)) return undefined;
  return Array.from(
    { length: peek('depth')! },
    (_layer, i) => withExperts.has(i) === ((i + 1) % step === 0 && !dense.includes(i)),
  ).every(Boolean);
}

/** `position_embedding_type = "rope"` and the like. */
function orderHolds(value: Json, { order }: DraftFacts): boolean | undefined {
  if (typeof value !== 'string') return undefined;
  if (/rope|rotary/i.test(value)) return order.has('rotary');
  if (/alibi/i.test(value)) return order.has('alibi');
  if (/absolute|learn/i.test(value)) return order.has('table');
  return /^(none|nope)$/i.test(value) ? order.size === 0 : undefined;
}

/** What is not one of a language model's own entries is left out. */
function* flat(config: JsonObject, prefix: string): Generator<Entry> {
  for (const [key, value] of Object.entries(config)) {
    if (isObject(value)) {
      if (!/^(text_config|hf_config|id2label|label2id|\w*(vision|audio|image|projector)\w*)$/.test(key))
        yield* flat(value, `${prefix}${key}.`);
    } else yield [`${prefix}${key}`, value];
  }
}
