/** The rules of axes: which hold tokens or rows, how shapes broadcast, what `as` may do. */

import * as dim from '../../dim.ts';
import type { Context, Site } from './context.ts';
import { sizeNotes } from './size_notes.ts';
import { concrete, isRunning, same, sameNumber, showSize, showSizes } from './sizes.ts';

type Shape = readonly dim.Dim[];

/** True for an axis whose size contains `T`: the tokens of this call, alone or with those before. */
export const isTokens = (d: dim.Dim): boolean => dim.mentions(d, 'T');
export const isBatch = (d: dim.Dim): boolean => dim.mentions(d, 'B');
/** True for an axis of rows or tokens, along which nothing may mix. */
export const isProtected = (d: dim.Dim): boolean => isTokens(d) || isBatch(d) || dim.mentions(d, 'P');

/** [B, T, ...]: values of this call's tokens. */
export const isOfThisCall = ([rows, columns]: Shape): boolean =>
  rows !== undefined &&
  columns !== undefined &&
  dim.equal(rows, dim.atom('B')) &&
  dim.equal(columns, dim.atom('T'));

/** What would be mixed along the axis, for messages. */
export const mixes = (d: dim.Dim): string => (isBatch(d) ? 'rows of the batch' : 'tokens');

export const mixHint =
  'the result would depend on how the text is cut into calls; tokens meet only in attention and cache';

/** Reports when an axis holds tokens or rows. */
export function keepApart<V>(site: Site<V>, what: string, d: dim.Dim): boolean {
  if (!isProtected(d)) return true;
  const hint = isBatch(d) ? 'a batch is its rows: nothing may mix them' : mixHint;
  site.fail('N310', `${what} mixes ${mixes(d)}`, { hint });
  return false;
}

/** The joined shape; undefined after a report. Only literal ones and missing leading axes stretch. */
export function broadcast<V>(site: Site<V>, a: Shape, b: Shape): Shape | undefined {
  const { cx, frame } = site;
  const rank = Math.max(a.length, b.length);
  const joined: dim.Dim[] = [];
  for (let i = 1; i <= rank; i++) {
    const [x, y] = [a[a.length - i], b[b.length - i]];
    const one = !x || (y && dim.isOne(x)) ? y : !y || dim.isOne(y) || same(cx.sizes, x, y) ? x : undefined;
    if (!one) {
      reportMisfit(site, [a, b], i);
      return undefined;
    }
    joined.unshift(one);
  }
  return frame.pairs || inPlace(site, joined) ? joined : undefined;
}

/** Rows stand on axis 0 and tokens on axis 1, in any tensor. */
export function inPlace<V>(site: Site<V>, shape: Shape): boolean {
  const { cx } = site;
  const wrong = shape.findIndex((d, i) => (isTokens(d) && i !== 1) || (isBatch(d) && i !== 0));
  if (wrong < 0) return true;
  const text = showSizes(cx.sizes, shape);
  site.fail('N310', `tokens stand on axis 1 and rows on axis 0, here on axis ${wrong} of ${text}`, {
    hint: 'pairs of tokens exist only inside attention: see bias= and visible=',
  });
  return false;
}

function reportMisfit<V>(site: Site<V>, [a, b]: readonly [Shape, Shape], fromEnd: number): void {
  const { cx } = site;
  const [x, y] = [a[a.length - fromEnd]!, b[b.length - fromEnd]!];
  const [left, right] = [showSizes(cx.sizes, a), showSizes(cx.sizes, b)];
  if (!isRunning(x) && !isRunning(y) && sameNumber(cx.sizes, x, y)) {
    site.fail('N305', 'these sizes are equal in this config only', {
      expected: `${showSize(cx.sizes, x)}, in ${left}`,
      found: `${showSize(cx.sizes, y)}, in ${right}`,
      hint: factHint(x, y),
      related: sizeNotes(cx, [x, y]),
    });
    return;
  }
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  const wouldFit =
    fromEnd === 1 &&
    short.length < long.length &&
    short.every((d, i) => dim.isOne(d) || same(cx.sizes, d, long[i]!));
  const widened = [...short, ...Array<dim.Dim>(long.length - short.length).fill(dim.size(1))];
  site.fail('N303', `shapes ${left} and ${right} do not fit`, {
    expected: `${showSize(cx.sizes, x)} on axis ${-fromEnd}`,
    found: showSize(cx.sizes, y),
    ...(wouldFit ? { hint: `add an axis: as ${dim.showShape(widened)}` } : {}),
  });
}

/** A hint for two sizes that are equal only as numbers. */
export function factHint(a: dim.Dim, b: dim.Dim): string {
  const [number, name] = dim.constant(a) === undefined ? [b, a] : [a, b];
  if (dim.constant(number) !== undefined) return `write ${dim.show(name)} instead of ${dim.show(number)}`;
  const [left, right] = reduced(a, b);
  return `if it holds for every such model, say so: require ${dim.show(left)} == ${dim.show(right)}, "..."`;
}

/** Without common factors, the longer first: of `3 * dim` and `3 * heads * head`, `heads * head` and `dim`. */
function reduced(a: dim.Dim, b: dim.Dim): readonly [dim.Dim, dim.Dim] {
  const [term, ...more] = dim.div(a, b)?.terms ?? [];
  if (!term || more.length > 0) return [a, b];
  const part = (sign: number, factor: number): dim.Dim =>
    term.powers.reduce(
      (d, [name, e]) =>
        e * sign > 0 ? dim.product([d, ...Array<dim.Dim>(Math.abs(e)).fill(dim.atom(name))]) : d,
      dim.size(factor),
    );
  const [over, under] = [part(1, term.n), part(-1, term.d)];
  return dim.show(over).length >= dim.show(under).length ? [over, under] : [under, over];
}

type Equal = (a: dim.Dim, b: dim.Dim) => boolean;

/** Neighbours of each side that make up one another. */
export type Group = readonly [from: Shape, to: Shape];

/** Groups of neighbours that are split or merged, the shortest first; undefined when they do not fit. */
export function groups(equal: Equal, from: Shape, to: Shape): readonly Group[] | undefined {
  const still = (shape: Shape): Shape => shape.filter((d) => !dim.isOne(d));
  const [a, b] = [still(from), still(to)];
  const found: Group[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const step = group(equal, a, b, i, j);
    if (!step) return undefined;
    found.push([a.slice(i, i + step[0]), b.slice(j, j + step[1])]);
    i += step[0];
    j += step[1];
  }
  return i === a.length && j === b.length ? found : undefined;
}

/** Axes taken from each side; rows and tokens only one to one. */
function group(
  equal: Equal,
  a: Shape,
  b: Shape,
  i: number,
  j: number,
): readonly [number, number] | undefined {
  if (equal(a[i]!, b[j]!)) return [1, 1];
  const longest = Math.max(a.length - i, b.length - j);
  for (let n = 2; n <= longest; n++) {
    const [many, few] = [a.slice(i, i + n), b.slice(j, j + n)];
    if (many.length === n && !many.some(isProtected) && equal(dim.product(many), b[j]!)) return [n, 1];
    if (few.length === n && !few.some(isProtected) && equal(a[i]!, dim.product(few))) return [1, n];
  }
  return undefined;
}

export const byName =
  <V>({ sizes }: Context<V>): Equal =>
  (a, b) =>
    same(sizes, a, b);

export const byNumber =
  <V>({ sizes }: Context<V>): Equal =>
  (a, b) =>
    dim.equal(concrete(sizes, a), concrete(sizes, b));
