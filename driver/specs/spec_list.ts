/** The specs that ship, with what each says of itself and how a checkpoint leads to it. */

import { readFileSync } from 'node:fs';
import { error, Refusal } from '../../spec/diagnostic.ts';
import { didYouMean } from '../../spec/nearest.ts';
import { parse } from '../../spec/parse.ts';
import { families, shippedSpecs } from '../shipped.ts';
import { typeExpected } from './find_spec.ts';

/** Groups of specs, by how a checkpoint leads to them. */
export const specGroups = {
  nanochat: 'nanochat, told by its tensors and its meta file',
  'hugging-face': 'Hugging Face folders, found by the model_type of their config.json',
  others: 'other checkpoints, found by trying which has a place for every tensor',
} as const;

export interface ListedSpec {
  readonly name: string;
  /** The first sentence of its opening comment. */
  readonly doc: string;
  readonly group: keyof typeof specGroups;
}

/** Group by group, those that mention every word. Refuses (N507) where none does. */
export function listSpecs(words: readonly string[] = []): readonly ListedSpec[] {
  const all = allSpecs();
  const found = all.filter((spec) => words.every((word) => mentions(spec, word)));
  if (found.length > 0) return found;
  const near = didYouMean(
    words.join(' '),
    all.map(({ name }) => name),
  );
  const hint = { hint: 'nanoc specs lists all of them', ...near };
  throw new Refusal([
    error('N507', `no shipped spec has ${words.join(' and ')} in what is said of it`, hint),
  ]);
}

/** Whether a word occurs anywhere in the name, or at the beginning of a word of the description: `llama` finds `Llama's`, `lama` nothing. */
const mentions = ({ name, doc }: ListedSpec, word: string): boolean =>
  name.includes(word.toLowerCase()) ||
  ` ${doc}`
    .toLowerCase()
    .replace(/[^a-z0-9.+-]+/g, ' ')
    .includes(` ${word.toLowerCase()}`);

function allSpecs(): readonly ListedSpec[] {
  const family = Object.entries(families).map(([name, newest]) => ({
    ...{ name, group: 'nanochat' as const },
    doc: `a family: the checkpoint says which; without one, ${newest}`,
  }));
  const specs = shippedSpecs().map(({ name, path }): ListedSpec => {
    const text = readFileSync(path, 'utf8');
    return { name, doc: firstDoc(text), group: groupOf(name, text) };
  });
  const order = Object.keys(specGroups);
  return [...family, ...specs].sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
}

function groupOf(name: string, text: string): ListedSpec['group'] {
  if (name.startsWith('nanochat_')) return 'nanochat';
  const { value: file } = parse({ name, text });
  return file && typeExpected(file) !== undefined ? 'hugging-face' : 'others';
}

/** The first sentence of a spec's opening doc comment. */
function firstDoc(text: string): string {
  const lines = /^##.*(?:\n##.*)*/.exec(text)?.[0] ?? '';
  const doc = lines.replaceAll(/(?:^|\n)##\s*/g, ' ').trim();
  return /^.*?\.(?=\s|$)/.exec(doc)?.[0] ?? doc;
}
