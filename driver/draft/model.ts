/** The parts of a model outside its layers, found by name and shape. */

import type { Checkpoint } from '../../compiler/checkpoint/checkpoint.ts';
import { error, Refusal } from '../../spec/diagnostic.ts';
import {
  everyModule,
  gainOf,
  isMatrix,
  listOf,
  type Module,
  moduleTree,
  numbered,
  shapeOf,
  tensorCount,
  unsayable,
} from './tree.ts';

const names = {
  embedding: [
    'embed_tokens',
    'wte',
    'tok_embeddings',
    'tok_emb',
    'embed_in',
    'word_embeddings',
    'embedding',
    'embeddings',
    'token_embedding',
    'tok_embedding',
    'embed',
    'token_emb',
  ],
  positions: [
    'wpe',
    'embed_positions',
    'position_embeddings',
    'position_embedding',
    'pos_emb',
    'pos_embedding',
  ],
  head: ['lm_head', 'embed_out', 'output', 'out_head', 'output_layer', 'head'],
  norm: [
    'norm',
    'ln_f',
    'final_layer_norm',
    'final_layernorm',
    'final_norm',
    'norm_f',
    'norm_out',
    'ln_final',
    'layer_norm',
  ],
} as const;

export interface ModelParts {
  readonly layers: readonly Module[];
  /** The list of layers. */
  readonly list: Module;
  readonly embedding: Module;
  readonly positions?: Module;
  readonly norm?: Module;
  /** A norm right behind the embedding. */
  readonly firstNorm?: Module;
  readonly head?: Module;
  /** Names of buffers, as globs. */
  readonly buffers: readonly string[];
  /** Paths of parts that do not belong to a language model: towers for images and sound. */
  readonly towers: readonly string[];
  /** All other modules. */
  readonly rest: readonly Module[];
  readonly loose: readonly string[];
}

const isBuffer = (name: string): boolean =>
  /(^|\.)(inv_freq|masked_bias|freqs_cos|freqs_sin|freqs_cis|causal_mask|mask)$/.test(name);

/** GPT-2 and its kin keep the causal mask as `attn.bias`, [1, 1, n, n]. */
const isMask = (shape: readonly number[]): boolean =>
  shape.length === 4 && shape[0] === 1 && shape[2] === shape[3];

const isTower = (name: string): boolean => /vision|visual|image|audio|multi_modal|projector/.test(name);

/** Refuses (N513) where there is no stack of layers or no embedding. */
export function modelParts({ tensors, path }: Checkpoint): ModelParts {
  const all = [...tensors.values()];
  const odd = unsayable(tensors.keys());
  if (odd !== undefined) throw cannotSay(path, odd);
  const buffers = all.filter(({ name, shape }) => isBuffer(name) || isMask(shape));
  const kept = all.filter((tensor) => !buffers.includes(tensor));
  const towers = [...new Set(kept.flatMap(({ name }) => towerOf(name) ?? []))];
  const tree = moduleTree(kept.filter(({ name }) => towerOf(name) === undefined));
  const list = longestList(tree);
  const inside = (module: Module): boolean => module === list || module.path.startsWith(`${list?.path}.`);
  const outside = [...everyModule(tree)].filter((module) => !inside(module));
  const called = (role: keyof typeof names, fits: (m: Module) => boolean): Module | undefined =>
    outside.find((m) => (names[role] as readonly string[]).includes(m.name) && fits(m));
  const embedding = called('embedding', isMatrix) ?? outside.find((m) => isMatrix(m) && /emb/.test(m.name));
  if (!list || !embedding) throw nothingToDraft(path, tree, list ? 'a token embedding' : 'a list of layers');
  const found = {
    positions: called('positions', isMatrix),
    norm: called('norm', (m) => gainOf(m) !== undefined),
    firstNorm: outside.find((m) => gainOf(m) !== undefined && /emb/.test(m.name)),
    head: called('head', isMatrix),
  };
  const used = [embedding, ...Object.values(found)];
  const leaves = outside.filter(
    (m) => m !== tree && !used.includes(m) && (m.tensors.size > 0 || numbered(m)),
  );
  const rest = leaves.filter((m) => !leaves.some((other) => m.path.startsWith(`${other.path}.`)));
  return {
    list,
    layers: listOf(list)!,
    embedding,
    ...Object.fromEntries(Object.entries(found).filter(([, module]) => module !== undefined)),
    buffers: [...new Set(buffers.map(({ name }) => name.replace(/(^|\.)\d+(?=\.)/g, '$1*')))],
    towers,
    rest,
    loose: [...tree.tensors.keys()],
  };
}

/** `model.vision_tower` of `model.vision_tower.layers.0.weight`. */
function towerOf(name: string): string | undefined {
  const parts = name.split('.');
  const at = parts.findIndex(isTower);
  return at < 0 ? undefined : parts.slice(0, at + 1).join('.');
}

/** The list with the most tensors whose entries are more than one matrix. */
function longestList(tree: Module): Module | undefined {
  const lists = [...everyModule(tree)].filter((m) => (listOf(m)?.[0]?.modules.size ?? 0) > 1);
  return lists.sort((a, b) => tensorCount(b) - tensorCount(a))[0];
}

function cannotSay(file: string, name: string): Refusal {
  return new Refusal([
    error('N513', `no spec can be drafted: no member can be called ${JSON.stringify(name.slice(0, 200))}`, {
      file,
      expected: 'names of letters, digits and _ with dots between, none of them a word of the language',
      hint: 'start from the template (nanoc new NAME); `prefix "old." = "new."` in its `checkpoint` renames',
    }),
  ]);
}

function nothingToDraft(file: string, tree: Module, lacking: string): Refusal {
  const sample = [...everyModule(tree)].flatMap((m) => [...m.tensors.values()]).slice(0, 3);
  return new Refusal([
    error('N513', `no spec can be drafted: nothing in it looks like ${lacking}`, {
      file,
      expected: 'layers.0.*, layers.1.*, ... and a matrix called embed_tokens, wte or the like',
      found: sample.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ') || 'no tensors',
      hint: 'start from the template (nanoc new NAME), and give its members the names that nanoc inspect lists',
    }),
  ]);
}

export const widthOf = (embedding: Module): number => shapeOf(embedding)![1]!;
