/** Names of the initialisers that views of parameters become. */

import { product } from '../../spec/tensor.ts';
import { contiguousStrides } from '../checkpoint/place_tensor.ts';
import { attrText } from '../graph/attr_text.ts';
import { isWhole, type View, viewAttrs } from './view.ts';

/** Maps the text of a view's attributes, taken under an empty name, to a name; equal views share one. */
export function nameViews(kept: Iterable<View>, taken: ReadonlySet<string>): ReadonlyMap<string, string> {
  const distinct = new Map([...kept].map((view) => [attrText(viewAttrs(view, '')), view]));
  const counts = new Map<string, number>();
  for (const { of } of distinct.values()) counts.set(of, (counts.get(of) ?? 0) + 1);
  const used = new Set(taken);
  const names = new Map<string, string>();
  for (const [text, view] of distinct)
    names.set(text, counts.get(view.of) === 1 || isWhole(view) ? view.of : partName(view, used));
  return names;
}

/** `resid_lambdas[3]` for an entry of the first axis; anything else is numbered. */
function partName(view: View, used: Set<string>): string {
  const entry = entryOf(view);
  const wanted = entry === undefined ? `${view.of}#1` : `${view.of}[${entry}]`;
  let name = wanted;
  for (let n = 2; used.has(name); n++) name = `${view.of}#${n}`;
  used.add(name);
  return name;
}

function entryOf({ whole, shape, strides, start, apply }: View): number | undefined {
  const size = product(whole.slice(1));
  const inOrder = strides.every((s, i) => s === contiguousStrides(shape)[i] || shape[i] === 1);
  return apply.length === 0 && inOrder && product(shape) === size && start % size === 0
    ? start / size
    : undefined;
}
