/** Drafts the model around its layers: embeddings, the last norm, the head, and `forward`. */

import type { Checkpoint } from '../../compiler/checkpoint/checkpoint.ts';
import { sameValues } from '../../compiler/weights/same_values.ts';
import { bareKnown, bareNorm, matrixKind, normKind, plainMember } from './leaf.ts';
import type { ModelParts } from './model.ts';
import { assumedIf, type Draft } from './notes.ts';
import { hasBias, type Module, shapeOf } from './tree.ts';
import type { Page } from './write.ts';

export interface Layer {
  readonly name: string;
  /** Whether the layer's block needs its number. */
  readonly perLayer: boolean;
}

export interface Outside
  extends Pick<Page, 'members' | 'rules' | 'forward' | 'logits' | 'assumed' | 'lacks'> {
  /** The head is the embedding. */
  readonly tied: boolean;
}

export function outsideOf(draft: Draft, whole: ModelParts, layer: Layer, checkpoint: Checkpoint): Outside {
  const { head, norm, embedding, rest, loose, towers } = whole;
  const repeats = head !== undefined && isCopy(head, embedding, checkpoint);
  const own = head && !repeats ? head : undefined;
  const rows = shapeOf(own ?? embedding)![0]!;
  const vocab = draft.sizes.peek('vocab')!;
  const cut = vocab < rows;
  const unnormed = assumedIf(
    bareKnown(draft),
    `the head reads ${bareNorm(draft, 'x')}: there is no final norm with weights`,
    `what the head reads, as there is no final norm with weights; ${bareNorm(draft, 'x')} stands for it`,
  );
  return {
    tied: own === undefined,
    members: membersOf(draft, whole, layer, own, checkpoint),
    rules: [...ignored(whole), ...(repeats ? [`tied "${head.path}.weight" = ${embedding.path}.weight`] : [])],
    forward: forward(draft, whole, own, cut),
    logits: draft.sizes.say(cut ? vocab : rows, 'vocab'),
    assumed: [
      ...(norm ? [] : unnormed.assumed),
      ...(draft.firstPosition === 0
        ? []
        : [
            `the first token has row ${draft.firstPosition} of the table of positions, which has so many rows more than the config says there are positions`,
          ]),
      ...(cut
        ? [`the vocabulary is padded: ${vocab} of ${rows} rows are tokens, the rest has no logits`]
        : []),
      ...(towers.length > 0 ? [`ignored as no part of the language model: ${towers.join(', ')}`] : []),
    ],
    lacks: [
      ...(norm ? [] : unnormed.lacks),
      ...[...rest.map((m) => m.path), ...loose].map((name) => `where ${name} goes`),
    ],
  };
}

/** True when a stored head repeats the embedding. */
function isCopy(head: Module, embedding: Module, { tensors }: Checkpoint): boolean {
  if (hasBias(head) || `${shapeOf(head)}` !== `${shapeOf(embedding)}`) return false;
  return sameValues(tensors.get(`${head.path}.weight`)!, tensors.get(`${embedding.path}.weight`)!);
}

function membersOf(
  draft: Draft,
  { embedding, positions, firstNorm, norm, list, rest, loose }: ModelParts,
  layer: Layer,
  head: Module | undefined,
  { tensors }: Checkpoint,
): readonly string[] {
  const { sizes } = draft;
  const flat: Draft = { ...draft, transposed: false };
  const table = (m: Module, ...rows: readonly string[]): string =>
    `${m.path}: Embedding(${sizes.say(shapeOf(m)![0]!, ...rows)}, ${sizes.say(shapeOf(m)![1]!, 'dim')})`;
  const shape = (name: string): string =>
    tensors
      .get(name)!
      .shape.map((n) => sizes.say(n, 'dim', 'depth'))
      .join(', ');
  sizes.use('depth');
  return [
    table(embedding, 'vocab', 'padded'),
    ...(positions ? [placesKind(draft, positions)] : []),
    ...(firstNorm ? [`${firstNorm.path}: ${normKind(draft, firstNorm, 'dim')}`] : []),
    layer.perLayer
      ? `${list.path}[i in range(depth)]: ${layer.name}(i)`
      : `${list.path}[depth]: ${layer.name}`,
    ...(norm ? [`${norm.path}: ${normKind(draft, norm, 'dim')}`] : []),
    ...(head ? [`${head.path}: ${matrixKind(flat, head, ['dim'], ['vocab', 'padded'])}`] : []),
    ...rest.map((m) => plainMember(flat, m, m.path)),
    ...loose.map((name) => `${name}: [${shape(name)}]`),
  ];
}

function placesKind({ sizes, firstPosition }: Draft, positions: Module): string {
  const width = sizes.say(shapeOf(positions)![1]!, 'dim');
  sizes.use('context');
  const rows = firstPosition === 0 ? 'context' : `context + ${firstPosition}`;
  return `${positions.path}: Embedding(${rows}, ${width})`;
}

function ignored({ buffers, towers }: ModelParts): readonly string[] {
  const globs = [...buffers, ...towers.map((tower) => `${tower}.*`)];
  return globs.length > 0 ? [`ignore ${globs.map((glob) => JSON.stringify(glob)).join(', ')}`] : [];
}

function forward(draft: Draft, whole: ModelParts, head: Module | undefined, cut: boolean): string {
  const { sizes, family } = draft;
  const { embedding, positions, firstNorm, norm, list } = whole;
  const read = `${family.scaled ? 'sqrt(dim) * ' : ''}${embedding.path}(tokens)`;
  const place = draft.firstPosition === 0 ? 'positions' : `positions + ${draft.firstPosition}`;
  const start = `${family.embeddingNormed ? bareNorm(draft, read) : read}${positions ? ` + ${positions.path}(${place})` : ''}`;
  const normed = norm ? `${norm.path}(x)` : bareNorm(draft, 'x');
  const all = head ? `${head.path}(${normed})` : `linear(${normed}, ${embedding.path}.weight)`;
  const logits = cut ? `${all}[..., :vocab]` : all;
  // A local may not have the name of a member.
  const each = list.path === 'layer' ? 'one' : 'layer';
  return [
    `x = ${firstNorm ? `${firstNorm.path}(${start})` : start}`,
    `for ${each} in ${list.path} { x = ${each}(x) }`,
    `return ${sizes.use('outer') === undefined ? logits : `softcap(${logits}, outer)`}`,
  ].join('\n');
}
