/**
 * A spec drafted from what a checkpoint shows: names, shapes, and the config beside it. Modules whose roles their names
 * tell are written out; what else is there is declared as it is stored, and the spec refuses to compile until someone says
 * what it computes. What names and shapes cannot tell is taken for granted, and said.
 */

import type { Checkpoint, JsonObject } from '../../compiler/checkpoint/checkpoint.ts';
import { isObject } from '../../compiler/checkpoint/safetensors.ts';
import { activationOf } from './activation.ts';
import { alibiKeys, alibiOf } from './alibi.ts';
import { isFused } from './attention.ts';
import { factsOf } from './draft_facts.ts';
import { heldAgainst } from './entries.ts';
import { familyOf, type KnownFamily } from './families.ts';
import { draftLayer } from './layer.ts';
import { type ModelParts, modelParts, widthOf } from './model.ts';
import { normKindOf } from './norm_kind.ts';
import { type Draft, hasFeature } from './notes.ts';
import { outsideOf } from './outside.ts';
import { type PerLayerList, perLayerLists } from './per_layer_lists.ts';
import { rotaryOf, tablesOf } from './rotary.ts';
import { type Sizes, sizesOf } from './sizes.ts';
import { everyModule, shapeOf } from './tree.ts';
import { weightlessParts } from './weightless_parts.ts';
import type { Page } from './write.ts';

export function draftOf(checkpoint: Checkpoint, name: string): Page {
  const whole = modelParts(checkpoint);
  const { config, inside } = textConfig(checkpoint.config);
  const sizes = sizesOf(config);
  const draft = begin(whole, sizes);
  const layer = draftLayer(draft, whole.layers);
  const outer = outsideOf(draft, whole, layer, checkpoint);
  // The width of the heads is known only after the layers are drafted.
  const table = hasFeature(draft, 'rotation') ? rotaryOf(draft, neighboursBy(draft)) : undefined;
  const alibi = hasFeature(draft, 'alibi') ? alibiOf(draft) : undefined;
  const weightless = weightlessParts(draft, whole);
  const lists = listEntries(draft);
  const expected = expects(sizes, outer.tied);
  const said = [
    ...(table ? [table] : []),
    ...(alibi ? [alibi] : []),
    weightless,
    outer,
    heldAgainst(
      sizes,
      factsOf(draft, whole, { tied: outer.tied, slowed: table?.slowed ?? false }),
      draft.blocks.some(({ lacks }) => lacks.some((what) => /^what \w+ computes$/.test(what))),
    ),
  ];
  return {
    name,
    source: checkpoint.path,
    ...(inside === undefined ? {} : { inside }),
    entries: [...sizes.entries(), ...lists],
    expects: expected,
    rules: outer.rules,
    constants: sizes.constants(),
    rotary: [...(table?.lines ?? []), ...(alibi?.lines ?? [])],
    blocks: draft.blocks,
    members: outer.members,
    forward: outer.forward,
    logits: outer.logits,
    assumed: said.flatMap(({ assumed }) => assumed),
    lacks: said.flatMap(({ lacks }) => lacks),
  };
}

/** The language model's own part of a multimodal config. */
function textConfig(config: JsonObject | undefined): {
  readonly config: JsonObject;
  readonly inside?: string;
} {
  const inner = config?.['text_config'];
  return isObject(inner)
    ? { config: { ...config, ...inner }, inside: 'text_config' }
    : { config: config ?? {} };
}

function begin(whole: ModelParts, sizes: Sizes): Draft {
  const { embedding, positions, layers } = whole;
  const rows = shapeOf(embedding)![0]!;
  const padded = (sizes.peek('vocab') ?? rows) < rows;
  sizes.know(padded ? 'padded' : 'vocab', rows);
  sizes.know('dim', widthOf(embedding));
  sizes.know('depth', layers.length);
  const places = positions && shapeOf(positions)![0]!;
  const firstPosition = places === undefined ? 0 : Math.max(0, places - (sizes.peek('context') ?? places));
  if (places !== undefined) sizes.know('context', places - firstPosition);
  else if (sizes.peek('context') === undefined) sizes.know('context', 2048);
  if (sizes.peek('eps') === undefined) sizes.know('eps', 1e-5);
  const layer = layers[0]!;
  const family = told(
    sizes,
    familyOf(sizes.look(['model_type'])?.value, { embedding: embedding.name, layer }, sizes.config),
  );
  for (const key of family.unread ?? []) sizes.find([key]);
  if (family.cap !== undefined && sizes.peek('outer') === undefined) sizes.know('outer', family.cap);
  const alibi = family.alibi === true || sizes.find(alibiKeys)?.value === true;
  return {
    sizes,
    family,
    firstPosition,
    alibi,
    blocks: [],
    transposed: [...everyModule(layer)].some(
      (m) =>
        isFused(m.name) && shapeOf(m)?.[0] === widthOf(embedding) && shapeOf(m)![1]! > widthOf(embedding),
    ),
    norm: normKindOf(sizes, family),
    pairs:
      layer.modules.get('self_attn')?.modules.has('q_proj') || sizes.look(neighbourKeys)?.value === false
        ? 'halves'
        : undefined,
    tables: positions || alibi ? 0 : tablesOf(sizes),
    activation: activationOf(sizes, family),
  };
}

/** A family, corrected by entries of the config that say the same things explicitly. */
function told(sizes: Sizes, { scaled: isScaled, neighbours: pairs, ...others }: KnownFamily): KnownFamily {
  const flag = (keys: readonly string[], known: true | undefined): true | undefined => {
    const value = sizes.look(keys)?.value;
    if (typeof value !== 'boolean') return known;
    sizes.rely(keys);
    return value || undefined;
  };
  const scaled = flag(scaledKeys, isScaled);
  const neighbours = flag(neighbourKeys, pairs);
  return { ...others, ...(scaled ? { scaled } : {}), ...(neighbours ? { neighbours } : {}) };
}

const scaledKeys = ['scale_embedding', 'scale_embeddings'];
const neighbourKeys = [
  'rope_interleave',
  'rope_interleaved',
  'rotary_interleaved',
  'rotary_emb_interleaved',
  'interleaved_rope',
];

/** The name of the code that rotates neighbouring numbers, if it does. */
const neighboursBy = ({ family }: Draft): string | undefined => (family.neighbours ? family.by : undefined);

/** Entries of the spec's config for the lists that a block reads. */
const listEntries = (draft: Draft): readonly string[] =>
  Object.entries(perLayerLists)
    .filter(([name]) => hasFeature(draft, name as PerLayerList)) // a key of the table
    .map(([name, key]) => `${name} = ${JSON.stringify(draft.sizes.find([key])?.value)} from "${key}"`);

/** Entries of the checkpoint's config that the drafted arithmetic relies on, as `expect` lines. */
function expects(sizes: Sizes, tied: boolean): readonly string[] {
  sizes.rely(['model_type']);
  const ties = sizes.look(['tie_word_embeddings']);
  if (ties?.value === tied) sizes.rely([ties.key]);
  return sizes.relied().map(({ key, value }) => `expect "${key}" = ${JSON.stringify(value)}`);
}
