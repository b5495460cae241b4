/** `x[...]`: entries of lists, and slices of tensors whose bounds provably lie inside. */

import type * as ast from '../../ast.ts';
import * as dim from '../../dim.ts';
import { isBatch, isTokens, mixes, mixHint } from './axes.ts';
import { type Context, mixingOf, noteRead, ownPlaceIn, type Site } from './context.ts';
import { number } from './number.ts';
import { sizeOf, wholeNumber } from './shapes.ts';
import { concrete, same, showSize } from './sizes.ts';
import { emit, needTensor, showTensor, tensorOf } from './tensors.ts';
import {
  describeKind,
  type ExpertIndexValue,
  itemsOf,
  type Listed,
  list,
  poison,
  type TensorValue,
  text,
  type Value,
} from './value.ts';

type Subscript = ast.Index['subscripts'][number];

export function index<V>(site: Site<V, ast.Index>): Value<V> {
  const { node } = site;
  const object = site.evaluate(node.object);
  switch (object.kind) {
    case 'poison':
      return poison;
    case 'list':
    case 'string':
    case 'entries':
      return entry(site, object);
    default: {
      const x = needTensor(site.at(node.object), object, 'what is indexed');
      return x ? slices(site, x) : poison;
    }
  }
}

function entry<V>(site: Site<V, ast.Index>, object: Listed<V>): Value<V> {
  const { cx, node } = site;
  const [subscript, ...more] = node.subscripts;
  if (!subscript || more.length > 0 || subscript.kind === 'Ellipsis') {
    return site.fail('N302', `${describeKind(object)} takes one index`);
  }
  if (subscript.kind === 'Slice') return sublist(site.at(subscript), object);
  const at = site.evaluate(subscript);
  if (at.kind === 'expert_index' && at.plus === 0 && object.kind === 'entries') {
    const any = mixingOf(cx, at)?.anyOf(object);
    if (any) {
      noteRead(cx, any, at.depth);
      return any;
    }
  }
  const i = wholeNumber(site.at(subscript), at, 'an index');
  if (i === undefined) return poison;
  if (object.kind === 'entries') {
    const found = object.entries.get(i);
    if (found) {
      noteRead(cx, found);
      return found;
    }
    const keys = [...object.entries.keys()];
    return site.at(subscript).fail('N318', `\`${object.label}\` has no entry ${i}`, {
      expected:
        keys.length > 0 ? `one of ${keys.slice(0, 12).join(', ')}${keys.length > 12 ? ', ...' : ''}` : 'none',
      found: String(i),
      ...(object.when ? { hint: 'its declaration has an `if`: use it under the same condition' } : {}),
    });
  }
  const items = itemsOf(object);
  const found = items[i < 0 ? i + items.length : i];
  return (
    found ??
    site.at(subscript).fail('N318', `index ${i} of ${describeKind(object)} with ${items.length} entries`)
  );
}

/** `layers[2:4]`: a list of what lies within, by place. */
function sublist<V>(site: Site<V, ast.Slice>, object: Listed<V>): Value<V> {
  const { start, stop, step } = site.node;
  const items = itemsOf(object);
  const at = (node: ast.Expr | undefined, otherwise: number): number | undefined => {
    const n = node ? wholeNumber(site.at(node), site.evaluate(node), 'a bound') : otherwise;
    return n !== undefined && n < 0 ? n + items.length : n;
  };
  const [from, to, by] = [at(start, 0), at(stop, items.length), step ? at(step, 1) : 1];
  if (from === undefined || to === undefined || by === undefined) return poison;
  if (by < 1 || from < 0 || from > to || to > items.length) {
    const found = `${describeKind(object)} with ${items.length} entries`;
    return site.fail('N318', `${from}:${to} does not lie inside`, { found });
  }
  const taken = items.slice(from, to).filter((_, i) => i % by === 0);
  for (const item of taken) noteRead(site.cx, item);
  return object.kind === 'string'
    ? text(taken.map((c) => (c.kind === 'string' ? c.value : '')).join(''))
    : list(taken);
}

/** One subscript for each axis, `...` filled in. */
function spread<V>(site: Site<V, ast.Index>, rank: number): readonly (Subscript | undefined)[] | undefined {
  const { subscripts } = site.node;
  const gaps = subscripts.filter((s) => s.kind === 'Ellipsis').length;
  const given = subscripts.length - gaps;
  if (gaps > 1 || given > rank) {
    site.fail('N302', gaps > 1 ? 'more than one `...`' : `${given} indices for ${rank} axes`);
    return undefined;
  }
  const fill = Array<undefined>(rank - given).fill(undefined);
  if (gaps === 0) return [...subscripts, ...fill];
  const at = subscripts.findIndex((s) => s.kind === 'Ellipsis');
  return [...subscripts.slice(0, at), ...fill, ...subscripts.slice(at + 1)];
}

function slices<V>(site: Site<V, ast.Index>, x: TensorValue<V>): Value<V> {
  const { cx } = site;
  const each = spread(site, x.type.shape.length);
  if (!each) return poison;
  let y: TensorValue<V> = x;
  const dropped: number[] = [];
  for (const [axis, subscript] of each.entries()) {
    if (!subscript || subscript.kind === 'Ellipsis') continue;
    const next =
      subscript.kind === 'Slice'
        ? slice(site.at(subscript), y, axis)
        : entryOfAxis(site.at(subscript), { y, axis }, x);
    if (!next) return poison;
    if (subscript.kind !== 'Slice') dropped.push(axis);
    y = next;
  }
  if (dropped.length === 0) return y;
  const shape = y.type.shape.filter((_, i) => !dropped.includes(i));
  const numbers = shape.map((d) => concrete(cx.sizes, d));
  return emit(site, 'reshape', [y], { shape: numbers }, { dtype: y.type.dtype, shape });
}

/** A tensor of which some axes have been indexed, and the next axis. */
interface OneAxis<V> {
  readonly y: TensorValue<V>;
  readonly axis: number;
}

interface Bounds {
  readonly start: dim.Dim;
  readonly stop: dim.Dim;
  readonly step: number;
}

/** Entry `i` of an axis, which keeps the size 1 until all axes are done. `whole` is the tensor of the text. */
function entryOfAxis<V>(
  site: Site<V, ast.Expr>,
  { y, axis }: OneAxis<V>,
  whole: TensorValue<V>,
): TensorValue<V> | undefined {
  const { cx, node } = site;
  const size = y.type.shape[axis]!;
  if (isBatch(size) || isTokens(size)) {
    site.fail('N310', `an index picks ${mixes(size)}`, { hint: pickHint(size) });
    return undefined;
  }
  const value = site.evaluate(node);
  if (value.kind === 'tensor') {
    site.fail('N312', 'an index must be known when compiling, found a tensor', {
      hint: 'rows of a table by ids: take(table, ids)',
    });
    return undefined;
  }
  if (value.kind === 'expert_index' && value.plus === 0) return ownEntry(site, y, axis, value);
  const i = wholeNumber(site, value, 'an index');
  if (i === undefined) return undefined;
  const n = dim.constant(concrete(cx.sizes, size));
  const at = i < 0 && n !== undefined ? i + n : i;
  if (n === undefined || at < 0 || at >= n) {
    const found = showTensor(cx, whole.type);
    site.fail('N318', `index ${i} is outside an axis of ${showSize(cx.sizes, size)}`, { found });
    return undefined;
  }
  const attrs = { axis, start: dim.size(at), stop: dim.size(at + 1), step: 1 };
  return emit(site, 'slice', [y], attrs, {
    dtype: y.type.dtype,
    shape: replaced(y, axis, dim.size(1)),
  });
}

/** The entry of the expert that a body is run for. */
function ownEntry<V>(
  site: Site<V>,
  y: TensorValue<V>,
  axis: number,
  index: ExpertIndexValue,
): TensorValue<V> {
  const asked = { type: y.type, place: axis, x: y.v, axis, at: site.origin };
  const v = ownPlaceIn(site.cx.mixing, index.depth, asked);
  return tensorOf({ ...y.type, shape: replaced(y, axis, dim.size(1)) }, v);
}

/** The index `e` of a slice `e:e+1`, where it is that of the expert that a body is run for. */
function ownPlace<V>(site: Site<V, ast.Slice>): ExpertIndexValue | undefined {
  const { start, stop, step } = site.node;
  if (!site.cx.mixing || !start || !stop || step) return undefined;
  const [from, to] = [site.evaluate(start), site.evaluate(stop)];
  if (from.kind !== 'expert_index' || to.kind !== 'expert_index' || from.depth !== to.depth) return undefined;
  return from.plus === 0 && to.plus === 1 ? from : undefined;
}

const replaced = <V>({ type }: TensorValue<V>, axis: number, by: dim.Dim): readonly dim.Dim[] =>
  type.shape.map((d, i) => (i === axis ? by : d));

const pickHint = (size: dim.Dim): string =>
  isBatch(size)
    ? 'a batch is its rows: nothing may pick among them'
    : `${mixHint}; a shift: cache(x, last=n)`;

function bound<V>(
  site: Site<V>,
  node: ast.Expr | undefined,
  n: dim.Dim,
  otherwise: dim.Dim,
): dim.Dim | undefined {
  if (!node) return otherwise;
  const value = site.evaluate(node);
  const negative =
    (value.kind === 'number' && value.value < 0 && value.dim) ||
    (value.kind === 'size' && value.dim.terms.every((t) => t.n < 0) && value.dim);
  if (negative) return dim.add(n, negative);
  if (value.kind === 'size') return value.dim;
  return value.kind === 'poison' ? undefined : sizeOf(site.at(node));
}

function slice<V>(site: Site<V, ast.Slice>, y: TensorValue<V>, axis: number): TensorValue<V> | undefined {
  const { cx, node } = site;
  const n = y.type.shape[axis]!;
  if (!node.start && !node.stop && !node.step) return y;
  const own = ownPlace(site);
  if (own) return ownEntry(site, y, axis, own);
  const start = bound(site, node.start, n, dim.size(0));
  const stop = bound(site, node.stop, n, n);
  const step = node.step ? wholeNumber(site.at(node.step), site.evaluate(node.step), 'a step') : 1;
  if (!start || !stop || step === undefined) return undefined;
  if (step < 1) {
    site.fail('N306', `a step must be positive, found ${step}`);
    return undefined;
  }
  if (isBatch(n) || isTokens(n) || dim.mentions(n, 'P'))
    return delayed(site, { y, axis }, { start, stop, step });
  if (!isInside(site, n, { start, stop })) return undefined;
  const length = lengthOf(cx, start, stop, step);
  const [from, to] = [concrete(cx.sizes, start), concrete(cx.sizes, stop)];
  const shape = replaced(y, axis, length);
  return emit(site, 'slice', [y], { axis, start: from, stop: to, step }, { dtype: y.type.dtype, shape });
}

/** By name where it can be; a step that does not divide rounds up, by number. */
function lengthOf<V>(cx: Context<V>, start: dim.Dim, stop: dim.Dim, step: number): dim.Dim {
  const span = dim.sub(stop, start);
  if (step === 1) return span;
  const [from, to] = [start, stop].map((d) => dim.constant(concrete(cx.sizes, d)) ?? 0) as [number, number];
  const count = Math.ceil((to - from) / step);
  // 1 : n : 2 of an even n is as long as 0 : n : 2, and is called the same
  const offset = dim.constant(start) ?? 0;
  const named = offset < step ? dim.div(dim.add(span, start), dim.size(step)) : undefined;
  return named && dim.constant(concrete(cx.sizes, named)) === count
    ? named
    : (number(count).dim ?? dim.size(count));
}

function isInside<V>(
  site: Site<V, ast.Slice>,
  n: dim.Dim,
  { start, stop }: Pick<Bounds, 'start' | 'stop'>,
): boolean {
  const { cx } = site;
  const at = (d: dim.Dim) => concrete(cx.sizes, d);
  const margins = [start, dim.sub(stop, start), dim.sub(n, stop)];
  if (margins.every((d) => dim.provablyNonNegative(at(d)))) return true;
  const [from, to] = [showSize(cx.sizes, start), showSize(cx.sizes, stop)];
  site.fail('N306', `slice ${from} : ${to} is not always inside ${showSize(cx.sizes, n)}`, {
    hint: 'bounds must lie inside for every B, T and P; nothing is clamped',
  });
  return false;
}

/** A slice of the axis of a `last` cache: the T values that stand some tokens before those of the call. */
function delayed<V>(
  site: Site<V, ast.Slice>,
  { y, axis }: OneAxis<V>,
  { start, stop, step }: Bounds,
): TensorValue<V> | undefined {
  const { cx } = site;
  const n = y.type.shape[axis]!;
  const last = dim.constant(concrete(cx.sizes, dim.sub(n, dim.atom('T'))));
  const from = dim.constant(concrete(cx.sizes, start));
  const length = dim.sub(stop, start);
  const whole = same(cx.sizes, length, dim.atom('T'));
  if (
    last === undefined ||
    last < 1 ||
    from === undefined ||
    !whole ||
    step !== 1 ||
    from < 0 ||
    from > last
  ) {
    if (dim.equal(start, dim.size(0)) && same(cx.sizes, stop, n) && step === 1) return y;
    const text = `${dim.show(start)} : ${dim.show(stop)} of ${dim.show(n)}`;
    const lastOnly = dim.equal(start, dim.sub(n, dim.size(1))) && dim.equal(stop, n);
    const hint =
      lastOnly && isTokens(n) ? `${mixHint}; logits of the last token only: --logits last` : pickHint(n);
    site.fail('N310', `slices ${mixes(n)} (${text})`, { hint });
    return undefined;
  }
  const shape = replaced(y, axis, dim.atom('T'));
  const v = cx.sink.delay(y.v, { last, back: last - from }, site.origin);
  return tensorOf({ dtype: y.type.dtype, shape }, v);
}
