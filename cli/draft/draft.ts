/**
 * A spec drafted from what a checkpoint shows: names, shapes, and the config beside it. Modules whose roles their names
 * tell are written out; what else is there is declared as it is stored, and the spec refuses to compile until someone says
 * what it computes. What names and shapes cannot tell is taken for granted, and said.
 */

import type { Checkpoint, Json, JsonObject } from '../../compiler/weights/checkpoint.ts';
import { isObject } from '../../compiler/weights/safetensors.ts';
import { activationKeys, activationOf } from './activation.ts';
import { isFused } from './attention.ts';
import { draftLayer } from './layer.ts';
import { type Whole, wholeOf, widthOf } from './model.ts';
import type { Draft } from './notes.ts';
import { outsideOf } from './outside.ts';
import { rotaryOf, tablesOf } from './rotary.ts';
import { type Sizes, sizeKeys, sizesOf } from './sizes.ts';
import { everyModule, gainOf, hasBias, shapeOf } from './tree.ts';
import { unusedKeys } from './unused_keys.ts';
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
    ? rotaryOf(sizes, isMeta(whole))
    : undefined;
  const entries = [...sizes.entries(), ...kindsEntry(draft)];
  const unused = unusedKeys(config, sizes.seen);
  return {
    name,
    source: checkpoint.path,
    ...(inside === undefined ? {} : { inside }),
    entries,
    expects: expects(sizes, outer.tied),
    rules: outer.rules,
    constants: sizes.constants(),
    rotary: table?.lines ?? [],
    blocks: draft.blocks,
    members: outer.members,
    forward: outer.forward,
    logits: outer.logits,
    assumed: [...(table?.assumed ?? []), ...normAssumed(draft, whole), ...outer.assumed, ...unused.assumed],
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
  sizes.know('vocab', shapeOf(embedding)![0]!);
  sizes.know('dim', widthOf(embedding));
  sizes.know('depth', layers.length);
  if (positions) sizes.know('context', shapeOf(positions)![0]!);
  else if (sizes.peek('context') === undefined) sizes.know('context', 2048);
  if (sizes.peek('eps') === undefined) sizes.know('eps', 1e-5);
  const alibi = sizes.find(['alibi'])?.value === true;
  return {
    sizes,
    blocks: [],
    transposed: [...everyModule(layers[0]!)].some(
      (m) =>
        isFused(m.name) && shapeOf(m)?.[0] === widthOf(embedding) && shapeOf(m)![1]! > widthOf(embedding),
    ),
    norm:
      sizes.find(['rms_norm_eps']) ||
      (!sizes.find(['layer_norm_eps', 'layer_norm_epsilon', 'layernorm_epsilon']) && !sizes.find(['bias']))
        ? 'rms_norm'
        : 'layer_norm',
    tables: positions || alibi ? 0 : tablesOf(sizes),
    activation: activationOf(sizes),
  };
}

/** Meta's own names, whose rotation pairs neighbours. */
const isMeta = ({ embedding }: Whole): boolean => embedding.name === 'tok_embeddings';

/** The kinds of the layers, where an attention asks for them. */
const kindsEntry = ({ sizes, blocks }: Draft): readonly string[] =>
  blocks.some(({ members }) => members.some((line) => line.includes('kinds[i]')))
    ? [`kinds = ${JSON.stringify(sizes.find(['layer_types'])?.value)} from "layer_types"`]
    : [];

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

function normAssumed({ sizes, norm }: Draft, { layers }: Whole): readonly string[] {
  const norms = layers.flatMap((layer) => [...everyModule(layer)].filter((m) => gainOf(m) !== undefined));
  if (norms.length === 0) return [];
  const bare = norms.some((m) => !hasBias(m));
  const eps = sizes.find(sizeKeys.eps);
  return [
    ...(bare && !eps?.key.startsWith('rms')
      ? [
          `norms without a bias are ${norm === 'rms_norm' ? 'RMS' : 'layer'} norms: only their weights are in the file`,
        ]
      : []),
    ...(eps ? [] : ['norms add 1e-5: no entry says their epsilon']),
    "a norm multiplies by `weight`, not by `1 + weight`, and embeddings are not scaled, as Gemma's are",
  ];
}
