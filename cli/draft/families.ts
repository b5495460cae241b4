/** What the code of a family computes and neither names, nor shapes, nor its config tell, by `model_type`. */

import type { Json } from '../../compiler/weights/checkpoint.ts';

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
  /** What norms without weights are. */
  readonly bare?: 'layer_norm';
}

const neighbours = { neighbours: true } as const;
const gemma = { lessOne: true, scaled: true } as const;
const lessOne = { lessOne: true } as const;

const families: Readonly<Record<string, Family>> = {
  codegen: neighbours,
  cohere: neighbours,
  cohere2: { ...neighbours, farUnturned: true },
  cohere2_moe: { ...neighbours, farUnturned: true },
  ernie4_5: neighbours,
  ernie4_5_moe: neighbours,
  exaone4: { farUnturned: true },
  exaone_moe: { farUnturned: true },
  gemma,
  gemma2: gemma,
  gemma3: gemma,
  gemma3_text: gemma,
  glm: neighbours,
  glm4: neighbours,
  gptj: neighbours,
  helium: neighbours,
  hunyuan_v1_dense: { normedTurned: true },
  hunyuan_v1_moe: { normedTurned: true },
  llama4_text: neighbours,
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

export const familyOf = (type: Json | undefined): Known =>
  typeof type === 'string' && Object.hasOwn(families, type)
    ? { ...families[type]!, by: `${type}'s` }
    : { by: "nobody's" };
