/**
 * A spec drafted from what a checkpoint shows: names, shapes, and the config beside it. Modules whose roles their names
 * tell are written out; what else is there is declared as it is stored, and the spec refuses to compile until someone says
 * what it computes. What names and shapes cannot tell is taken for granted, and said.
 */

import type { Checkpoint, Json, JsonObject } from '../../compiler/weights/checkpoint.ts';
import { isObject } from '../../compiler/weights/safetensors.ts';
import { activationKeys, activationOf } from './activation.ts';
import { alibiKeys, leanOf } from './alibi.ts';
import { isFused } from './attention.ts';
import { familyOf } from './families.ts';
import { draftLayer } from './layer.ts';
import { type Whole, wholeOf, widthOf } from './model.ts';
import type { Draft } from './notes.ts';
import { outsideOf } from './outside.ts';
import { rotaryOf, tablesOf } from './rotary.ts';
import { perLayer } from './seen.ts';
import { type Sizes, sizesOf } from './sizes.ts';
import { everyModule, shapeOf } from './tree.ts';
import { unusedKeys } from './unused_keys.ts';
import { wordless } from './wordless.ts';
import type { Page } from './write.ts';

export function draftOf(checkpoint: Checkpoint, name: string): Page {
  const whole = wholeOf(checkpoint);
  const { config, inside } = textConfig(checkpoint.config);
  const sizes = sizesOf(config);
  const draft = begin(whole, sizes);
  const layer = draftLayer(draft, whole.layers);
  const outer = outsideOf(draft, whole, layer, checkpoint);
  // Only now is known how wide the heads are that it turns.
  const table = draft.blocks.some((block) => block.forward?.includes('rope('))
    ? rotaryOf(draft, neighboursBy(draft, whole))
    : undefined;
  const lean = draft.blocks.some((b) => b.forward?.includes('bias=alibi')) ? leanOf(draft) : undefined;
  const entries = [...sizes.entries(), ...listEntries(draft)];
  const expected = expects(sizes, outer.tied);
  const unused = unusedKeys(config, sizes.seen);
  return {
    name,
    source: checkpoint.path,
    ...(inside === undefined ? {} : { inside }),
    entries,
    expects: expected,
    rules: outer.rules,
    constants: sizes.constants(),
    rotary: [...(table?.lines ?? []), ...(lean?.lines ?? [])],
    blocks: draft.blocks,
    members: outer.members,
    forward: outer.forward,
    logits: outer.logits,
    assumed: [
      ...(table?.assumed ?? []),
      ...(lean?.assumed ?? []),
      ...wordless(draft, whole),
      ...outer.assumed,
      ...unused.assumed,
    ],
    lacks: [...(table?.lacks ?? []), ...unused.lacks, ...outer.lacks],
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

function begin(whole: Whole, sizes: Sizes): Draft {
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
  const known = familyOf(sizes.find(['model_type'])?.value, layers[0]!);
  const family =
    sizes.find(['scale_embedding'])?.value === true ? { ...known, scaled: true as const } : known;
  if (family.cap !== undefined && sizes.peek('outer') === undefined) sizes.know('outer', family.cap);
  const alibi = family.alibi === true || sizes.find(alibiKeys)?.value === true;
  return {
    sizes,
    family,
    firstPosition,
    alibi,
    blocks: [],
    transposed: [...everyModule(layers[0]!)].some(
      (m) =>
        isFused(m.name) && shapeOf(m)?.[0] === widthOf(embedding) && shapeOf(m)![1]! > widthOf(embedding),
    ),
    norm:
      family.plain ||
      sizes.find(['rms_norm_eps']) ||
      (!sizes.find(['layer_norm_eps', 'layer_norm_epsilon', 'layernorm_epsilon']) && !sizes.find(['bias']))
        ? 'rms_norm'
        : 'layer_norm',
    tables: positions || alibi ? 0 : tablesOf(sizes),
    activation: activationOf(sizes, family),
  };
}

/** Whose code it is that turns neighbours: Meta's own names are known by the embedding's. */
const neighboursBy = ({ family }: Draft, { embedding }: Whole): string | undefined =>
  embedding.name === 'tok_embeddings' ? "Meta's" : family.neighbours && family.by;

/** Lists of the config with an entry per layer, where an attention asks for them. */
const listEntries = ({ sizes, blocks }: Draft): readonly string[] =>
  Object.entries(perLayer)
    .filter(([name]) =>
      blocks.some((b) => [...b.members, b.forward].some((line) => line?.includes(`${name}[i]`))),
    )
    .map(([name, key]) => `${name} = ${JSON.stringify(sizes.find([key])?.value)} from "${key}"`);

/** What holds for this checkpoint and decides what is computed. */
function expects(sizes: Sizes, tied: boolean): readonly string[] {
  const expect = (keys: readonly string[], fits = (_: Json): boolean => true): readonly string[] => {
    const found = sizes.find(keys);
    return found && fits(found.value) ? [`expect "${found.key}" = ${JSON.stringify(found.value)}`] : [];
  };
  return [
    ...expect(['model_type'], (v) => typeof v === 'string'),
    ...expect(activationKeys, (v) => typeof v === 'string'),
    ...expect(['tie_word_embeddings'], (v) => v === tied),
  ];
}
