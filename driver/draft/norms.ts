/** Places the norms of a layer by their names. */

import { assumedIf, type OpenPoints } from './notes.ts';

export type Place = 'beforeAttention' | 'afterAttention' | 'beforeMlp' | 'afterMlp';
export type Norms = { [P in Place]?: string | undefined };

/** The commonest names; one that stands after a branch is looked for only where its partner is there too. */
const places: Readonly<Record<Place, readonly string[]>> = {
  beforeAttention: (
    'input_layernorm ln_1 ln1 attention_norm attn_norm norm1 norm_1 ln_attn self_attn_layer_norm input_norm ' +
    'pre_attention_layernorm pre_attn_norm attention_layernorm norm'
  ).split(' '),
  beforeMlp: (
    'pre_feedforward_layernorm post_attention_layernorm ln_2 ln2 ffn_norm norm2 norm_2 ln_mlp mlp_norm ' +
    'pre_mlp_norm mlp_layernorm post_attention_norm'
  ).split(' '),
  afterAttention: ['post_self_attn_layernorm', 'post_attention_layernorm', 'post_attention_norm'],
  afterMlp:
    'post_feedforward_layernorm post_feedforward_norm post_mlp_layernorm post_mlp_norm post_ffn_norm'.split(
      ' ',
    ),
};

/** Names of the branches. */
export interface Branches {
  readonly attention: string;
  readonly mlp: string;
}

const words = ({ attention, mlp }: Branches): Readonly<Record<Place, string>> => ({
  beforeAttention: `before ${attention}`,
  afterAttention: `after ${attention}`,
  beforeMlp: `before ${mlp}`,
  afterMlp: `after ${mlp}`,
});

export interface Placed extends OpenPoints {
  readonly norms: Norms;
  /** Norms for which no place was left. */
  readonly rest: readonly string[];
}

/** `bare` is the norm to use where none has weights. */
export function placeNorms(
  names: readonly string[],
  bare = { text: 'rms_norm(x)', known: true },
  branches: Branches = { attention: 'the attention', mlp: 'the Mlp' },
): Placed {
  if (names.length === 0)
    return {
      norms: {},
      ...assumedIf(
        bare.known,
        `the branches read ${bare.text}: there are no norms with weights`,
        `what the branches read, as no norm has weights; ${bare.text} stands for it`,
      ),
      rest: [],
    };
  const left = new Set(names);
  const pick = (place: Place): string | undefined => {
    const name = places[place].find((n) => left.has(n));
    if (name !== undefined) left.delete(name);
    return name;
  };
  const afterMlp = pick('afterMlp');
  const afterAttention = afterMlp === undefined ? undefined : pick('afterAttention');
  const found: Norms = {
    beforeAttention: pick('beforeAttention'),
    afterAttention,
    beforeMlp: pick('beforeMlp'),
    afterMlp,
  };
  // Names that say nothing: the first stands before the attention.
  for (const place of ['beforeAttention', 'beforeMlp'] as const) {
    const next = [...left][0];
    if (found[place] !== undefined || next === undefined) continue;
    found[place] = next;
    left.delete(next);
  }
  const said = words(branches);
  const order = Object.keys(said) as Place[];
  const how = order.flatMap((place) =>
    found[place] === undefined ? [] : [`${found[place]} ${said[place]}`],
  );
  return {
    norms: found,
    assumed: [`where the norms stand, by their names: ${how.join(', ')}`],
    lacks: [],
    rest: [...left],
  };
}
