/** Where nanochat keeps its checkpoints: `<base>/<source>_checkpoints/<tag>/model_<step>.pt`. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from './refuse.ts';

export interface NanochatPlace {
  /** nanochat's own NANOCHAT_BASE_DIR. */
  readonly baseDir: string;
  /** Stage of training: base, mid, sft or rl. */
  readonly source: string;
  /** Folder of the model, such as `d20`; the deepest model when left out. */
  readonly tag?: string;
  /** Step of training, which must exist; the last when left out. */
  readonly step?: number;
}

const folders: Readonly<Record<string, string>> = {
  base: 'base_checkpoints',
  mid: 'mid_checkpoints',
  sft: 'chatsft_checkpoints',
  rl: 'chatrl_checkpoints',
};

/** The folder of one model, as nanochat's own loader would choose it. */
export function findCheckpoint({ baseDir, source, tag, step }: NanochatPlace): string {
  const name = Object.hasOwn(folders, source) ? folders[source] : undefined;
  if (name === undefined)
    refuse('N510', `no source named ${source}`, { hint: `one of ${Object.keys(folders).join(', ')}` });
  const folder = join(baseDir, name);
  if (!existsSync(folder)) {
    refuse('N601', `no ${source} checkpoints: there is no folder ${folder}`, {
      file: folder,
      hint: 'set NANOCHAT_BASE_DIR, or name the folder: --checkpoint DIR',
    });
  }
  const chosen = tag ?? largestTag(folder);
  if (chosen === undefined) refuse('N601', `${folder} holds no model`, { file: folder });
  const model = join(folder, chosen);
  if (!existsSync(model)) {
    const tags = foldersIn(folder).slice(0, 20).join(', ');
    refuse('N601', `no model tagged ${chosen} in ${folder}`, {
      file: folder,
      ...(tags && { hint: `one of ${tags}` }),
    });
  }
  const steps = stepsIn(readdirSync(model));
  if (steps.length === 0) refuse('N601', `no model_NNNNNN.pt in ${model}`, { file: model });
  stepFile(model, steps, step);
  return model;
}

/** The steps that a folder has models of, ascending; other files are ignored. */
export const stepsIn = (names: readonly string[]): readonly number[] =>
  names
    .map((name) => /^model_(\d{1,15})\.pt$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);

/** Name of the file of a step, the last by default. */
export function stepFile(folder: string, steps: readonly number[], step: number | undefined): string {
  const chosen = step ?? steps.at(-1)!;
  if (!steps.includes(chosen)) {
    refuse('N601', `no step ${chosen} in ${folder}`, {
      file: folder,
      hint: `there ${steps.length === 1 ? 'is' : 'are'} ${steps.slice(-20).join(', ')}`,
    });
  }
  const names = [String(chosen).padStart(6, '0'), String(chosen)].map((digits) => `model_${digits}.pt`);
  return names.find((name) => existsSync(join(folder, name))) ?? names[0]!;
}

/** Among the folders with a model, the one with the largest N in `dN...`, or else the one written to last. */
export function largestTag(folder: string): string | undefined {
  const tags = foldersIn(folder).filter((tag) => stepsIn(readdirSync(join(folder, tag))).length > 0);
  const depths = tags
    .map((tag) => ({ tag, depth: Number(/^d(\d+)/.exec(tag)?.[1] ?? -1) }))
    .sort((a, b) => b.depth - a.depth);
  if (depths[0] && depths[0].depth >= 0) return depths[0].tag;
  const written = (tag: string): number => statSync(join(folder, tag)).mtimeMs;
  return tags.sort((a, b) => written(b) - written(a))[0];
}

const foldersIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
