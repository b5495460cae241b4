/** What the code of each family computes that neither names, nor shapes, nor configs show, by `model_type`. */

import type { Json, JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { own } from '../../spec/own.ts';
import { everyModule, gainOf, type Module } from './tree.ts';

/** Traits of a family. They are reported as assumptions, because code of the same name may differ. */
export interface Family {
  /** Its rotation turns neighbours, not halves. */
  readonly neighbours?: true;
  /** Norms multiply by `1 + weight`, so their weights are stored less one. */
  readonly lessOne?: true;
  /** Embeddings are multiplied by the root of their width. */
  readonly scaled?: true;
  /** Queries and keys are normed behind their rotation. */
  readonly normedTurned?: true;
  /** Where some layers have a window, the others do not rotate queries and keys. */
  readonly farUnturned?: true;
  /** The kind of norms without a bias, whatever the name of the entry for their epsilon. */
  readonly plain?: 'rms_norm' | 'layer_norm';
  /** The kind of norms without weights. */
  readonly bare?: 'layer_norm';
  /** Queries and keys are normed behind their rotation, without weights. */
  readonly headsNormed?: true;
  /** Embeddings are normed without weights. */
  readonly embeddingNormed?: true;
  /** A rotation turns by minus the angle. */
  readonly turnedBack?: true;
  /** Rotary tables are rounded to bfloat16. */
  readonly rounded?: true;
  /** In the language's terms, `$` its argument, where no entry names one. */
  readonly activation?: string;
  /** The activation is for feed-forward parts with a gate, or without one. */
  readonly gated?: boolean;
  /** Scores have ALiBi's bias, whether an entry says so or not. */
  readonly alibi?: true;
  /** How ALiBi's slopes continue where the number of heads is no power of two; as in MPT when absent. */
  readonly slopes?: 'bloom';
  /** ALiBi's bias is divided by the root of the head's width. */
  readonly leanScaled?: true;
  /** One matrix holds queries, key and value of one group after the other, whatever it is called. */
  readonly grouped?: true;
  /** Entries that its code does not read. */
  readonly unread?: readonly string[];
  /** The shares of chosen experts add up to 1, whatever an entry says. */
  readonly addsUp?: true;
  /** Logits are capped at this value when no entry gives one. */
  readonly cap?: number;
}

const neighbours = { neighbours: true } as const;
const gemma = { lessOne: true, scaled: true } as const;
const unweighed = { headsNormed: true, embeddingNormed: true, turnedBack: true } as const;
const lessOne = { lessOne: true } as const;

/** Families of transformers whose code needs no word below: entries and names tell. */
const sure: ReadonlySet<string> = new Set(
  (
    'arcee gpt2 gpt_bigcode gpt_neox llama mistral mixtral olmo2 olmo3 persimmon phi phi3 qwen2 qwen2_moe qwen3 qwen3_moe ' +
    'smollm3 stablelm starcoder2 granite opt gpt_oss deepseek_v2 olmoe flex_olmo mellum internlm3 jais2 ministral seed_oss'
  ).split(' '),
);

const families: Readonly<Record<string, Family>> = {
  bloom: { alibi: true, slopes: 'bloom', activation: 'gelu_tanh($)' },
  cohere: neighbours,
  cohere2: { ...neighbours, farUnturned: true },
  cohere2_moe: { ...neighbours, farUnturned: true },
  ernie4_5: neighbours,
  ernie4_5_moe: neighbours,
  exaone4: { farUnturned: true },
  exaone_moe: { farUnturned: true },
  falcon: { slopes: 'bloom', leanScaled: true, unread: ['num_kv_heads'] },
  gemma,
  gemma2: gemma,
  gemma3: gemma,
  gemma3_text: gemma,
  falcon_mamba: { plain: 'rms_norm' },
  glm: neighbours,
  glm4: neighbours,
  gptj: neighbours,
  helium: neighbours,
  hunyuan_v1_dense: { normedTurned: true },
  hunyuan_v1_moe: { normedTurned: true },
  llama4_text: neighbours,
  mamba: { plain: 'rms_norm' },
  mamba2: { plain: 'rms_norm' },
  internlm2: { grouped: true, plain: 'rms_norm' },
  mpt: { activation: 'gelu($)', gated: false, unread: ['expansion_ratio'] },
  nanochat: unweighed,
  nemotron: lessOne,
  olmo: { bare: 'layer_norm' },
  qwen3_5_text: lessOne,
  qwen3_next: lessOne,
  recurrent_gemma: gemma,
  vaultgemma: gemma,
};

/** A family and whose code it is, for the words "as ... code does". */
export interface KnownFamily extends Family {
  readonly by: string;
  /** Whether its code is known to order fused matrices, pair numbers and choose experts as drafts with its names do. */
  readonly sure: boolean;
}

/** Traits of nanochat's own checkpoints. Those with a `model_type` come from transformers, and have entries for the rest. */
const nanochat: KnownFamily = {
  ...unweighed,
  rounded: true,
  activation: 'square(relu($))',
  cap: 15,
  by: "nanochat's",
  sure: true,
};

/** Code that is known by the names of its tensors and entries. */
const projects: readonly {
  readonly fits: (names: Names, config: JsonObject) => boolean;
  readonly known: (names: Names, config: JsonObject) => KnownFamily;
}[] = [
  { fits: ({ layer }) => isNanochat(layer), known: () => nanochat },
  {
    fits: ({ embedding, layer }) => embedding === 'tok_embeddings' && has(layer, 'attention', 'feed_forward'),
    known: () => ({
      ...neighbours,
      plain: 'rms_norm',
      activation: 'silu($)',
      gated: true,
      by: "Meta's",
      sure: true,
    }),
  },
  {
    fits: (_, config) => ['norm_class_name', '_norm_class'].some((key) => typeof config[key] === 'string'),
    known: (_, config) => ({ ...litgpt(config), by: "litgpt's", sure: true }),
  },
  {
    fits: ({ layer }, config) => isGpt2(layer) && typeof config['bias'] === 'boolean',
    known: () => ({ plain: 'layer_norm', activation: 'gelu($)', gated: false, by: "nanoGPT's", sure: true }),
  },
  {
    fits: ({ layer }, config) => isGpt2(layer) && typeof config['embd_pdrop'] === 'number',
    known: () => ({
      plain: 'layer_norm',
      activation: 'gelu_tanh($)',
      gated: false,
      by: "minGPT's",
      sure: true,
    }),
  },
  {
    fits: ({ layer }) =>
      has(layer, 'att', 'ff', 'norm1', 'norm2') && has(layer.modules.get('att')!, 'W_query'),
    known: ({ layer }) =>
      has(layer.modules.get('ff')!, 'fc1')
        ? { plain: 'rms_norm', activation: 'silu($)', gated: true, by: "LLMs-from-scratch's", sure: true }
        : { activation: 'gelu_tanh($)', gated: false, by: "LLMs-from-scratch's", sure: true },
  },
];

/** Traits of litgpt, whose norms depend on the name of the model. */
function litgpt({ name, norm_class_name: norm }: JsonObject): Family {
  const called = (part: string): boolean => typeof name === 'string' && name.includes(part);
  return {
    addsUp: true,
    ...(norm === 'RMSNorm' && called('Gemma') ? lessOne : {}),
    ...(norm === 'LayerNorm' && called('OLMo') ? { bare: 'layer_norm' } : {}),
  };
}

interface Names {
  readonly embedding: string;
  readonly layer: Module;
}

const has = ({ modules }: Module, ...names: readonly string[]): boolean =>
  names.every((name) => modules.has(name));

const isGpt2 = (layer: Module): boolean =>
  has(layer, 'attn', 'mlp') && has(layer.modules.get('attn')!, 'c_attn', 'c_proj');

/** Finds the family by `model_type`, or else by names of tensors and entries. */
export function familyOf(type: Json | undefined, names: Names, config: JsonObject): KnownFamily {
  const family =
    typeof type === 'string' ? (own(families, type) ?? (sure.has(type) ? {} : undefined)) : undefined;
  if (family) return { ...family, by: `${type}'s`, sure: true };
  const project =
    type === undefined || !isTransformers(config)
      ? projects.find(({ fits }) => fits(names, config))
      : undefined;
  return (
    project?.known(names, config) ?? { by: typeof type === 'string' ? `${type}'s` : "nobody's", sure: false }
  );
}

/** True for configs that transformers has written, or code that builds on it. */
const isTransformers = (config: JsonObject): boolean =>
  config['transformers_version'] !== undefined || config['architectures'] !== undefined;

const isNanochat = (layer: Module): boolean =>
  layer.modules.get('attn')?.modules.has('c_q') === true &&
  layer.modules.get('mlp')?.modules.has('c_fc') === true &&
  ![...everyModule(layer)].some((m) => gainOf(m) !== undefined);
