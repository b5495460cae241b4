/** `nanoc specs` and `nanoc targets`: lists shipped specs and known targets. */

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { backends } from '../backends/index.ts';
import { families, shippedSpecs } from '../driver/shipped.ts';
import { typeExpected } from '../driver/specs/find_spec.ts';
import { error, Refusal } from '../spec/diagnostic.ts';
import { largest } from '../spec/long_list.ts';
import { didYouMean } from '../spec/nearest.ts';
import { parse } from '../spec/parse.ts';
import { type Context, runAction, withGlobals } from './command.ts';
import type { Io, IoOptions } from './output/io.ts';
import { padded, widthOf, wrapped } from './output/terminal.ts';

interface Row {
  readonly name: string;
  readonly doc: string;
}

interface SpecRow extends Row {
  readonly group: Group;
}

/** Groups of specs, by how a checkpoint leads to them. */
const groups = {
  nanochat: 'nanochat, told by its tensors and its meta file',
  'hugging-face': 'Hugging Face folders, found by the model_type of their config.json',
  others: 'other checkpoints, found by trying which has a place for every tensor',
} as const;
type Group = keyof typeof groups;

export function addLists(program: Command): void {
  const specs = program
    .command('specs')
    .description('the specs that ship with nanoc')
    .argument('[word...]', 'only those with these words in their name or what is said of them');
  withGlobals(specs, ['nanoc specs', 'nanoc specs llama', 'nanoc specs experts --json']).action(
    (words: string[], options: Partial<IoOptions>) =>
      runAction(async (cx) => listSpecs(cx, words), options, words),
  );
  withGlobals(program.command('targets').description('what nanoc can compile to'), ['nanoc targets']).action(
    (options: Partial<IoOptions>) => runAction(async (cx) => listTargets(cx), options, []),
  );
}

function listTargets({ io }: Context): undefined {
  const rows = backends.map(({ name, doc }) => ({ name, doc }));
  if (io.options.json) for (const row of rows) io.json(row);
  else show(io, rows, widestName(rows));
}

function listSpecs({ io }: Context, words: readonly string[]): undefined {
  const all = specRows();
  const found = all.filter((row) => words.every((word) => mentions(row, word)));
  if (found.length === 0) {
    const near = didYouMean(
      words.join(' '),
      all.map(({ name }) => name),
    );
    const hint = { hint: 'nanoc specs lists all of them', ...near };
    throw new Refusal([
      error('N507', `no shipped spec has ${words.join(' and ')} in what is said of it`, hint),
    ]);
  }
  if (io.options.json) {
    for (const row of found) io.json(row);
    return;
  }
  const width = widestName(found);
  for (const [group, title] of Object.entries(groups)) {
    const rows = found.filter((row) => row.group === group);
    if (rows.length === 0) continue;
    const heading = wrapped(`${title}:`, widthOf(process.stdout) ?? Number.POSITIVE_INFINITY).join('\n');
    io.result(`${found.indexOf(rows[0]!) > 0 ? '\n' : ''}${heading}`);
    show(io, rows, width);
  }
}

/** Whether a word occurs anywhere in the name, or at the beginning of a word of the description: `llama` finds `Llama's`, `lama` nothing. */
const mentions = ({ name, doc }: Row, word: string): boolean =>
  name.includes(word.toLowerCase()) ||
  ` ${doc}`
    .toLowerCase()
    .replace(/[^a-z0-9.+-]+/g, ' ')
    .includes(` ${word.toLowerCase()}`);

function specRows(): readonly SpecRow[] {
  const family = Object.entries(families).map(([name, newest]) => ({
    ...{ name, group: 'nanochat' as const },
    doc: `a family: the checkpoint says which; without one, ${newest}`,
  }));
  const specs = shippedSpecs().map(({ name, path }): SpecRow => {
    const text = readFileSync(path, 'utf8');
    return { name, doc: firstDoc(text), group: groupOf(name, text) };
  });
  const order = Object.keys(groups);
  return [...family, ...specs].sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
}

function groupOf(name: string, text: string): Group {
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

const widestName = (rows: readonly Row[]): number => largest(rows.map(({ name }) => name.length));

/** Prints descriptions beside the names if the terminal has room, and otherwise below them. */
function show(io: Io, rows: readonly Row[], names: number): void {
  const width = widthOf(process.stdout) ?? Number.POSITIVE_INFINITY;
  const beside = width - names - 4 >= 30;
  const indent = beside ? names + 4 : 6;
  for (const { name, doc } of rows) {
    const lines = wrapped(doc, width - indent).map((line) => ' '.repeat(indent) + line);
    if (beside)
      io.result([`  ${padded(name, names)}${lines[0]!.slice(names + 2)}`, ...lines.slice(1)].join('\n'));
    else io.result([`  ${name}`, ...lines].join('\n'));
  }
}
