/** Drafts of checkpoints, with what `nanoc new` says of them. */

import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { bytesOf, folder, lines, nanoc } from './run_cli.ts';

export const textOf = (path: string): string => bytesOf(path).toString();

export interface Drafted {
  readonly path: string;
  readonly code: number;
  readonly complete: boolean;
  readonly shipped?: string;
  readonly missing: readonly string[];
  readonly granted: readonly string[];
}

interface Answer {
  readonly complete: boolean;
  readonly shipped?: string;
  readonly marks: readonly { readonly line: number; readonly kind: string; readonly what: string }[];
}

/** `--json` and the text agree on every mark. */
export async function draft(checkpoint: string): Promise<Drafted> {
  const path = join(folder(), 'drafted.nanospec');
  const { code, out, err } = await nanoc(['new', path, '--json', '--from-checkpoint', checkpoint]);
  const [first = '', ...more] = lines(out);
  assert.equal(more, [], out + err);
  const answer = JSON.parse(first) as Answer; // what the line above has just printed
  const text = textOf(path).split('\n');
  for (const { line, kind } of answer.marks)
    assert.match(text[line - 1]!, kind === 'lacks' ? '# missing: ' : '# taken for granted: ');
  const of = (kind: string): readonly string[] =>
    answer.marks.filter((mark) => mark.kind === kind).map((mark) => mark.what);
  return { ...answer, path, code, missing: of('lacks'), granted: of('assumed') };
}

type Shapes = Readonly<Record<string, readonly number[]>>;

/** An embedding of 50 rows and two layers, 32 wide, with fused attention and these further tensors. */
export const twoLayers = (further: Shapes): Shapes => {
  const layer = { 'attn.c_attn.weight': [96, 32], 'attn.c_proj.weight': [32, 32], ...further };
  const named = [0, 1].flatMap((i) =>
    Object.entries(layer).map(([name, shape]) => [`h.${i}.${name}`, shape] as const),
  );
  return { 'wte.weight': [50, 32], ...Object.fromEntries(named), 'ln_f.weight': [32] };
};

/** Entries by which nothing of such layers, their norms and a plain feed-forward part is left to guess. */
export const nothingOpen = {
  model_type: 'llama',
  n_head: 4,
  rope_theta: 10_000,
  rms_norm_eps: 1e-5,
  hidden_act: 'gelu',
} as const;

/** The norms before the branches of such a layer. */
export const norms: Shapes = { 'ln_1.weight': [32], 'ln_2.weight': [32] };

/** The feed-forward matrices of such a layer. */
export const plainMlp: Shapes = { 'mlp.c_fc.weight': [64, 32], 'mlp.c_proj.weight': [32, 64] };
