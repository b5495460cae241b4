/** Facts about a draft that entries of a config may contradict. */

import { largest } from '../../spec/long_list.ts';
import type { ModelParts } from './model.ts';
import { type Draft, hasFeature } from './notes.ts';
import { rotatedWidth } from './rotary.ts';
import { everyModule, gainOf, hasBias, isMatrix, type Module, offsetOf, shapeOf } from './tree.ts';

export interface DraftFacts {
  readonly tied: boolean;
  /** How the order of tokens enters the model. */
  readonly order: ReadonlySet<'rotary' | 'alibi' | 'table'>;
  /** Where matrices and norms have biases; undefined where there is none of the kind. */
  readonly biased: Readonly<Record<Part, boolean | undefined>>;
  /** Every size that the spec has, by whatever name. */
  readonly sizes: ReadonlySet<number>;
  /** How many numbers of a head are rotated. */
  readonly turned?: number;
  /** The numbers of the layers that have experts. */
  readonly withExperts: ReadonlySet<number>;
  /** All queries share one key. */
  readonly oneKey: boolean;
  /** Fewer keys than queries. */
  readonly grouped: boolean;
  /** Rotations are scaled for long texts. */
  readonly slowed: boolean;
  /** The feed-forward parts' width in terms of the model's. */
  readonly ratio?: number;
  /** Queries and keys are normed. */
  readonly headsNormed: boolean;
  /** Whether such a norm is over one head or over all. */
  readonly normedHeads?: 'one' | 'all';
  /** No norm has weights. */
  readonly bare: boolean;
  /** The branches read the same norm. */
  readonly oneNorm: boolean;
  /** Names of the modules of a layer. */
  readonly parts: ReadonlySet<string>;
  /** How many layers from the first on have no experts, where others have. */
  readonly dense: number;
}

export type Part = 'attention' | 'output' | 'feed' | 'head' | 'norm' | 'any';

export function factsOf(
  draft: Draft,
  { layers, head, positions }: ModelParts,
  { tied, slowed }: Pick<DraftFacts, 'tied' | 'slowed'>,
): DraftFacts {
  const modules = layers.flatMap((layer) => [...everyModule(layer)]);
  const matrices = modules.filter(isMatrix);
  const norms = modules.filter((m) => gainOf(m) !== undefined);
  const isOutput = ({ name }: Module): boolean =>
    /^(o_proj|wo|out_proj|dense|proj|o|out|attn_out)$/.test(name);
  const inAttention = (m: Module): boolean => /att|mixer/i.test(m.path.split('.').slice(0, -1).join('.'));
  const attention = matrices.filter(inAttention);
  const feed = matrices.filter((m) => !inAttention(m) && !/gate$|router/.test(m.path));
  const biased = (list: readonly Module[]): boolean | undefined =>
    list.length === 0 ? undefined : list.some(hasBias);
  const hasExperts = (layer: Module): boolean => [...everyModule(layer)].some((m) => m.name === 'experts');
  const ofHeads = norms.filter(inAttention);
  const turned = rotatedWidth(draft.sizes);
  const numbers = draft.sizes.numbers();
  const kv = numbers.get('kv_heads');
  const down = feed.find((m) => shapeOf(m)![0] !== shapeOf(m)![1]);
  const hidden = down && largest(shapeOf(down)!);
  return {
    tied,
    order: new Set([
      ...(hasFeature(draft, 'rotation') ? (['rotary'] as const) : []),
      ...(hasFeature(draft, 'alibi') ? (['alibi'] as const) : []),
      ...(positions ? (['table'] as const) : []),
    ]),
    biased: {
      attention: biased(attention.filter((m) => !isOutput(m))),
      output: biased(attention.filter(isOutput)),
      feed: biased(feed),
      head: head && hasBias(head),
      norm: norms.length === 0 ? undefined : norms.some((m) => offsetOf(m) !== undefined),
      any: biased([...matrices, ...norms]),
    },
    sizes: new Set(numbers.values()),
    ...(turned === undefined ? {} : { turned }),
    withExperts: new Set(layers.flatMap((layer, i) => (hasExperts(layer) ? i : []))),
    oneKey: kv === 1 && (draft.sizes.peek('heads') ?? 1) > 1,
    grouped: kv !== undefined && kv < (draft.sizes.peek('heads') ?? 0),
    slowed,
    ...(hidden === undefined ? {} : { ratio: hidden / numbers.get('dim')! }),
    headsNormed: draft.family.headsNormed === true || ofHeads.length > 0,
    ...(ofHeads.length === 0
      ? {}
      : {
          normedHeads: ofHeads.every((m) => shapeOf(m, gainOf(m))![0] === numbers.get('head_dim'))
            ? 'one'
            : 'all',
        }),
    bare: norms.length === 0,
    oneNorm: layers.every((layer) => [...layer.modules.values()].filter((m) => gainOf(m)).length === 1),
    parts: new Set(layers.flatMap((layer) => [...layer.modules.keys()])),
    dense: layers.findIndex(hasExperts),
  };
}
