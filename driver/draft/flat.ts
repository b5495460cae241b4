/** Makes sure that a draft is sound: where the draft by roles is not, every tensor is declared as it is stored. */

import type { Checkpoint } from '../../compiler/checkpoint/checkpoint.ts';
import { Bug, type Diagnostic } from '../../spec/diagnostic.ts';
import { parse } from '../../spec/parse.ts';
import { refusals, tryFile } from '../specs/try_spec.ts';
import { draftOf } from './draft.ts';
import { modelParts } from './model.ts';
import { shapeOf } from './tree.ts';
import { type Page, write } from './write.ts';

export interface Sound {
  readonly page: Page;
  /** Errors that remain when its gaps are ignored. */
  readonly wrong: readonly Diagnostic[];
}

export function soundDraft(checkpoint: Checkpoint, name: string): Sound {
  const page = draftOf(checkpoint, name);
  const wrong = faults(page, checkpoint);
  if (wrong === undefined) return flat(page, checkpoint, 'its parts have names that no member can have');
  const [first] = wrong;
  return first === undefined ? { page, wrong } : flat(page, checkpoint, first.message);
}

/** The errors of a draft; undefined where it does not even parse. */
function faults(page: Page, checkpoint: Checkpoint): readonly Diagnostic[] | undefined {
  let text: string;
  try {
    text = write(page, { open: true });
  } catch (cause) {
    if (cause instanceof Bug) return undefined;
    throw cause;
  }
  const { value: file } = parse({ name: `${page.name}.nanospec`, text });
  return refusals(tryFile(file!, () => undefined, checkpoint));
}

/** Keeps the entries of the config, which whoever writes the model needs. */
function flat(page: Page, checkpoint: Checkpoint, why: string): Sound {
  const { embedding, buffers, towers } = modelParts(checkpoint);
  const [rows = 0, width = 0] = shapeOf(embedding)!;
  const whole = [...checkpoint.tensors.values()].filter(({ dtype }) => /^(u?int|bool)/.test(dtype));
  const left = [...buffers, ...towers.map((tower) => `${tower}.*`), ...whole.map(({ name }) => name)];
  const isLeft = (name: string): boolean =>
    left.some((glob) => new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name));
  const members = [...checkpoint.tensors.values()].flatMap(({ name, shape }, i) =>
    name.startsWith(`${embedding.path}.`) || isLeft(name)
      ? []
      : [`part_${i}: [${shape.join(', ')}] from ${JSON.stringify(name)}`],
  );
  const plain: Page = {
    name: page.name,
    source: page.source,
    entries: [],
    expects: [],
    rules: left.length > 0 ? [`ignore ${left.map((glob) => JSON.stringify(glob)).join(', ')}`] : [],
    constants: [],
    rotary: [],
    blocks: [],
    members: [`embedding: Embedding(${rows}, ${width}) from ${JSON.stringify(embedding.path)}`, ...members],
    forward: 'return linear(embedding(tokens), embedding.weight)',
    logits: String(rows),
    assumed: [],
    lacks: [
      `what the model computes; its parts could not be written (${why.replaceAll(/["`\\]/g, "'")})`,
      ...whole.map(({ name }) => `where ${name} goes, which holds whole numbers`),
      ...page.lacks,
    ],
  };
  return { page: plain, wrong: faults(plain, checkpoint) ?? [] };
}
