/** Folds repeated blocks, or repeated sequences of blocks (window, window, window, full), into one with a count. */

import type { Block, Item } from './item.ts';

/** Takes at each place the repetition that covers most items, and among those the shortest. */
export function folded(items: readonly Item[]): readonly Item[] {
  const kinds = new Map<string, number>();
  const like = items.map((item) => {
    const text = textOf(item);
    kinds.set(text, kinds.get(text) ?? kinds.size);
    return kinds.get(text)!;
  });
  const out: Item[] = [];
  let at = 0;
  while (at < items.length) {
    const { period, times } = longest(items, like, at);
    out.push(times === 1 ? items[at]! : repetition(items.slice(at, at + period * times), period));
    at += times === 1 ? 1 : period * times;
  }
  return out;
}

function longest(items: readonly Item[], like: readonly number[], at: number) {
  let best = { period: 1, times: 1 };
  for (let period = 1; at + 2 * period <= items.length; period++) {
    // Bounded by a block, a repetition begins or ends where a reader would say that it does.
    if (items[at]!.kind !== 'block' && items[at + period - 1]!.kind !== 'block') continue;
    let end = at + period;
    while (end < items.length && like[end] === like[end - period]) end++;
    const times = Math.floor((end - at) / period);
    if (times > 1 && (best.times === 1 || period * times > best.period * best.times))
      best = { period, times };
  }
  return best;
}

function repetition(items: readonly Item[], period: number): Block {
  const times = items.length / period;
  const content = items.slice(0, period).map((_, k): Item => {
    const all = items.filter((_item, i) => i % period === k);
    const one = together(all);
    return one.kind === 'op' ? one : { ...one, names: all.flatMap(namesOf) };
  });
  const [first] = content;
  if (period === 1 && first?.kind === 'block') return { ...first, times };
  const blocks = content.flatMap((item) => (item.kind === 'block' ? [item] : []));
  const main = pattern(blocks.reduce((a, b) => (b.ops > a.ops ? b : a)));
  const layers = blocks.filter((b) => pattern(b) === main);
  return {
    ...{ kind: 'block', path: '', times, by: layers.length, content: folded(content) },
    names: layers.flatMap((b) => b.names),
    ops: opsIn(content),
    parameters: blocks.reduce((n, b) => n + b.parameters, 0),
    gives: givenBy(content),
  };
}

export const opsIn = (content: readonly Item[]): number =>
  content.reduce((n, c) => n + (c.kind === 'op' ? 1 : c.ops * c.times), 0);

/** The type of the value that is computed last. */
export function givenBy(content: readonly Item[]): string {
  const end = content.at(-1);
  return end ? (end.kind === 'op' ? end.type : end.gives) : '';
}

/** Merges alike blocks into the first, whose operators then list those of the others. */
function together(items: readonly Item[]): Item {
  const [first] = items;
  if (first!.kind === 'op') {
    const steps = items.flatMap((item) => (item.kind === 'op' ? [item] : []));
    return { ...first!, also: [...first!.also, ...steps.slice(1).flatMap(({ id, also }) => [id, ...also])] };
  }
  const blocks = items.flatMap((item) => (item.kind === 'block' ? [item] : []));
  return { ...first!, content: first!.content.map((_, i) => together(blocks.map((b) => b.content[i]!))) };
}

const namesOf = (item: Item): readonly string[] => (item.kind === 'block' ? item.names : []);

const pattern = ({ names }: Block): string => numbersOut(names[0]!);

/** Removes numbers from paths only: the index of a layer does not tell it from another, but the size of a window does. */
const numbersOut = (path: string): string => path.replace(/(?<=^|\.)\d+(?=\.|$)/g, '#');

/** `%53: float32[B, T]` -> `%#: float32[B, T]`, `lambdas[3]: float32[]` -> `lambdas[#]: float32[]`. */
const placeOut = (label: string): string => {
  const end = label.lastIndexOf(': ');
  return label.slice(0, Math.max(0, end)).replace(/\d+/g, '#') + label.slice(Math.max(0, end));
};

const texts = new WeakMap<Block['content'], string>();

/** Equal texts mean that blocks are equal but for the indices of layers. */
function textOf(item: Item): string {
  if (item.kind === 'op') {
    const inputs = item.inputs.map(({ label }) => placeOut(label));
    return `${item.op} ${item.type} ${numbersOut(item.detail)} (${inputs.join(', ')})`;
  }
  const known = texts.get(item.content);
  if (known !== undefined) return known;
  const inner = item.content.map(textOf);
  const text = `${pattern(item)}*${item.times}{${inner.join(';')}}`;
  texts.set(item.content, text);
  return text;
}
