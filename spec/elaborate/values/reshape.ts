/** `x as [...]`: neighbouring axes split or merged, nothing else. */

import type * as ast from '../../ast.ts';
import * as dim from '../../dim.ts';
import { byName, byNumber, factHint, groups, inPlace, isProtected } from './axes.ts';
import type { Context, Site } from './context.ts';
import { writtenShape } from './shapes.ts';
import { shapeNote, sizeNotes } from './size_notes.ts';
import { concrete, isRunning, numberOf, same, showNumbers, showSizes } from './sizes.ts';
import { emit, needTensor } from './tensors.ts';
import { poison, type TensorValue, type Value } from './value.ts';

export function reshape<V>(site: Site<V, ast.As>): Value<V> {
  const { cx, frame, node } = site;
  const value = site.evaluate(node.object);
  const shape = writtenShape(site.at(node.shape));
  if (value.kind === 'poison' || !shape) return poison;
  const x = needTensor(site.at(node.object), value, 'what `as` reshapes');
  if (!x) return poison;
  if (shape.open) return site.at(node.shape).fail('N302', '`as` names every axis, without `...`');
  const to = shape.sizes;
  if (!groups(byName(cx), x.type.shape, to)) return misfit(site, x, to);
  if (!frame.pairs && !inPlace(site.at(node.shape), to)) return poison;
  const numbers = to.map((d) => concrete(cx.sizes, d));
  return emit(site, 'reshape', [x], { shape: numbers }, { dtype: x.type.dtype, shape: to });
}

function misfit<V>(site: Site<V, ast.As>, x: TensorValue<V>, to: readonly dim.Dim[]): Value<V> {
  const { cx, node } = site;
  const from = x.type.shape;
  const byLuck = groups(byNumber(cx), from, to);
  if (!byLuck) {
    return site.at(node.shape).fail('N304', '`as` only splits or merges neighbouring axes', {
      expected: showSizes(cx.sizes, to),
      found: showSizes(cx.sizes, from),
      hint: whyNot(cx, from, to),
      related: shapeNote(x),
    });
  }
  const [has, wants] = [0, 1].map((side) => byLuck.map((g) => dim.product(g[side as 0 | 1]))) as [
    dim.Dim[],
    dim.Dim[],
  ]; // two sides, two shapes
  const i = has.findIndex((d, k) => !same(cx.sizes, d, wants[k]!));
  const pair = [has[i]!, wants[i]!] as const;
  return site.at(node.shape).fail('N305', 'these sizes are equal in this config only', {
    expected: `${dim.showShape(has)} = ${showNumbers(cx.sizes, has)}`,
    found: `${dim.showShape(wants)} = ${showNumbers(cx.sizes, wants)}`,
    hint: factHint(...pair),
    related: [...shapeNote(x), ...sizeNotes(cx, pair)],
  });
}

function whyNot<V>({ sizes }: Context<V>, from: readonly dim.Dim[], to: readonly dim.Dim[]): string {
  const still = (shape: readonly dim.Dim[]) => dim.product(shape.filter((d) => !isRunning(d)));
  const [a, b] = [numberOf(sizes, still(from)), numberOf(sizes, still(to))];
  if (a !== b) return `${a} ${a === 1 ? 'number' : 'numbers'} for each token do not make ${b}`;
  const laws = (shape: readonly dim.Dim[]) =>
    shape
      .filter(isProtected)
      .map((d) => d.key)
      .join(' ');
  if (laws(from) !== laws(to)) return 'B and the tokens keep axes of their own';
  const parts = (shape: readonly dim.Dim[]) => shape.map((d) => dim.show(d)).toSorted();
  const moved = from.some((d, i) => isProtected(d) && !(to[i] && dim.equal(d, to[i])));
  return moved || parts(from).join() === parts(to).join()
    ? 'it does not reorder; attention takes [B, T, heads, head], so no transpose is needed'
    : 'what is merged and split anew takes two steps: x as [B, T, n] as [...]';
}
