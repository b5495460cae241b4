/** What the code of a family computes and neither names, nor shapes, nor its config tell, by `model_type`. */

import type { Json } from '../../compiler/weights/checkpoint.ts';
import { everyModule, gainOf, type Module } from './tree.ts';

/** Each is assumed even where it is known: code of that name may differ. */
export interface Family {
  /** Its rotation turns neighbours, not halves. */
  readonly neighbours?: true;
  /** Norms multiply by `1 + weight`. */
  readonly lessOne?: true;
  /** Embeddings are multiplied by the root of their width. */
  readonly scaled?: true;
  /** Queries and keys are normed behind their rotation. */
  readonly normedTurned?: true;
  /** Where some layers have a window, the others do not turn queries and keys. */
  readonly farUnturned?: true;
  /** What norms without a bias are, whatever the entry of their epsilon is called. */
  readonly plain?: 'rms_norm';
  /** What norms without weights are. */
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
  /** Heads lean towards near tokens, whether an entry says so or not. */
  readonly alibi?: true;
  /** How ALiBi's slopes go on where heads are no power of two; MPT's way if absent. */
  readonly slopes?: 'bloom';
  /** What a head leans is divided by the root of its width. */
  readonly leanScaled?: true;
  /** Logits are capped at it, where no entry says. */
  readonly cap?: number;
}

const neighbours = { neighbours: true } as const;
const gemma = { lessOne: true, scaled: true } as const;
const unweighed = { headsNormed: true, embeddingNormed: true, turnedBack: true } as const;
const lessOne = { lessOne: true } as const;

const families: Readonly<Record<string, Family>> = {
  bloom: { alibi: true, slopes: 'bloom', activation: 'gelu_tanh($)' },
  codegen: neighbours,
  cohere: neighbours,
  cohere2: { ...neighbours, farUnturned: true },
  cohere2_moe: { ...neighbours, farUnturned: true },
  ernie4_5: neighbours,
  ernie4_5_moe: neighbours,
  exaone4: { farUnturned: true },
  exaone_moe: { farUnturned: true },
  falcon: { slopes: 'bloom', leanScaled: true },
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
  nanochat: unweighed,
  nemotron: lessOne,
  olmo: { bare: 'layer_norm' },
  qwen3_5_text: lessOne,
  qwen3_next: lessOne,
  recurrent_gemma: gemma,
  vaultgemma: gemma,
};

/** A family and whose code it is, for the words "as ... code does". */
export interface Known extends Family {
  readonly by: string;
}

/** What its own checkpoints hold; those with a `model_type` are transformers' and have entries for the rest. */
const nanochat: Known = {
  ...unweighed,
  rounded: true,
  activation: 'square(relu($))',
  cap: 15,
  by: "nanochat's",
};

/** `layer` tells where no entry does. */
export function familyOf(type: Json | undefined, layer: Module): Known {
  if (typeof type === 'string')
    return { ...(Object.hasOwn(families, type) ? families[type] : {}), by: `${type}'s` };
  return isNanochat(layer) ? nanochat : { by: "nobody's" };
}

const isNanochat = (layer: Module): boolean =>
  layer.modules.get('attn')?.modules.has('c_q') === true &&
  layer.modules.get('mlp')?.modules.has('c_fc') === true &&
  ![...everyModule(layer)].some((m) => gainOf(m) !== undefined);
