/** Shapes as written: sizes of types, `as`, and declared types held against what came out. */

import type * as ast from '../ast.ts';
import * as dim from '../dim.ts';
import type { TensorType } from '../type.ts';
import { byName, byNumber, factHint, inPlace, regroups } from './axes.ts';
import { type Context, type Frame, fail } from './context.ts';
import { isWhole, showNumber } from './number.ts';
import { concrete, isRunning, numberOf, same, sameNumber, showNumbers, showSizes } from './sizes.ts';
import { emit, needTensor, showTensor } from './tensors.ts';
import { describeKind, poison, type TensorValue, type Value } from './value.ts';

/** A size from an expression; undefined after a report. */
export function sizeOf<V>(cx: Context<V>, frame: Frame<V>, node: ast.Expr): dim.Dim | undefined {
  const value = cx.evaluate(frame, node);
  if (value.kind === 'size') return value.dim;
  if (value.kind === 'number') return wholeSize(cx, frame, node, value);
  if (value.kind !== 'poison') {
    fail(cx, frame, node, 'N314', `a size must be a number, found ${describeKind(value)}`);
  }
  return undefined;
}

function wholeSize<V>(
  cx: Context<V>,
  frame: Frame<V>,
  node: ast.Expr,
  { value, dim: d }: Extract<Value<V>, { kind: 'number' }>,
): dim.Dim | undefined {
  if (isWhole(value) && value >= 0) return d ?? dim.exact(value);
  const text =
    d && dim.constant(d) === undefined ? `${dim.show(d)} is ${showNumber(value)}` : showNumber(value);
  fail(cx, frame, node, 'N313', `a size must be a whole number: ${text}`, {
    hint: 'check the config entries that it is made of, or floor with `//`',
  });
  return undefined;
}

/** A whole number decided when compiling; undefined after a report. */
export function wholeNumber<V>(
  cx: Context<V>,
  frame: Frame<V>,
  node: { readonly span: ast.Expr['span'] },
  value: Value<V>,
  what: string,
): number | undefined {
  if (value.kind === 'number' && isWhole(value.value)) return value.value;
  if (value.kind === 'poison') return undefined;
  if (value.kind === 'number') {
    fail(cx, frame, node, 'N313', `${what} must be a whole number, found ${showNumber(value.value)}`);
  } else if (value.kind === 'tensor' || value.kind === 'size') {
    fail(cx, frame, node, 'N312', `${what} must be known when compiling, found ${describeKind(value)}`);
  } else fail(cx, frame, node, 'N314', `${what} must be a whole number, found ${describeKind(value)}`);
  return undefined;
}

/** A type as written; `...` stands for leading axes and gives `open`. */
export interface WrittenType {
  readonly type: TensorType;
  readonly open: boolean;
}

export function writtenType<V>(cx: Context<V>, frame: Frame<V>, node: ast.Type): WrittenType | undefined {
  const shape = writtenShape(cx, frame, node.shape);
  return shape && { type: { dtype: node.dtype, shape: shape.sizes }, open: shape.open };
}

function writtenShape<V>(
  cx: Context<V>,
  frame: Frame<V>,
  { sizes }: ast.Shape,
): { readonly sizes: readonly dim.Dim[]; readonly open: boolean } | undefined {
  const [first] = sizes;
  const open = first?.kind === 'Ellipsis';
  const rest = open ? sizes.slice(1) : sizes;
  const found = rest.map((s) => {
    if (s.kind !== 'Ellipsis') return sizeOf(cx, frame, s);
    fail(cx, frame, s, 'N302', '`...` may only stand for the first axes');
    return undefined;
  });
  return found.every((d) => d !== undefined) ? { sizes: found, open } : undefined;
}

/** Holds a tensor against a declared type: dtype, then sizes by name. False after a report. */
export function checkType<V>(
  cx: Context<V>,
  frame: Frame<V>,
  at: { readonly span: ast.Expr['span'] },
  what: string,
  { type, open }: WrittenType,
  x: TensorValue<V>,
): boolean {
  const expected = `${open ? showTensor(cx, type).replace('[', '[..., ') : showTensor(cx, type)}`;
  const found = showTensor(cx, x.type);
  if (type.dtype !== x.type.dtype) {
    fail(cx, frame, at, 'N309', `${what} has another dtype than declared`, {
      expected: `${type.dtype}, in ${expected}`,
      found: x.type.dtype,
      hint: `cast it: ${type.dtype}(...)`,
    });
    return false;
  }
  const shape = open ? x.type.shape.slice(-type.shape.length || x.type.shape.length) : x.type.shape;
  const fits = (equal: (a: dim.Dim, b: dim.Dim) => boolean) =>
    shape.length === type.shape.length && shape.every((d, i) => equal(d, type.shape[i]!));
  if (fits(byName(cx))) return true;
  if (fits(byNumber(cx))) {
    const i = shape.findIndex((d, k) => !same(cx.sizes, d, type.shape[k]!));
    fail(cx, frame, at, 'N305', 'these sizes are equal in this config only', {
      expected,
      found,
      hint: factHint(type.shape[i]!, shape[i]!),
    });
  } else fail(cx, frame, at, 'N301', `${what} has another shape than declared`, { expected, found });
  return false;
}

/** `x as [...]`: neighbours split or merged. */
export function reshape<V>(cx: Context<V>, frame: Frame<V>, node: ast.As): Value<V> {
  const value = cx.evaluate(frame, node.object);
  const shape = writtenShape(cx, frame, node.shape);
  if (value.kind === 'poison' || !shape) return poison;
  const x = needTensor(cx, frame, node.object, value, 'what `as` reshapes');
  if (!x) return poison;
  if (shape.open) return fail(cx, frame, node.shape, 'N302', '`as` names every axis, without `...`');
  const to = shape.sizes;
  if (!regroups(byName(cx), x.type.shape, to)) return misfit(cx, frame, node, x.type.shape, to);
  if (!frame.pairs && !inPlace(cx, frame, node.shape, to)) return poison;
  const numbers = to.map((d) => concrete(cx.sizes, d));
  return emit(cx, frame, node, 'reshape', [x], { shape: numbers }, { dtype: x.type.dtype, shape: to });
}

function misfit<V>(
  cx: Context<V>,
  frame: Frame<V>,
  node: ast.As,
  from: readonly dim.Dim[],
  to: readonly dim.Dim[],
): Value<V> {
  const [expected, found] = [showSizes(cx.sizes, to), showSizes(cx.sizes, from)];
  if (regroups(byNumber(cx), from, to)) {
    const free = from.filter((d) => !to.some((t) => same(cx.sizes, d, t)));
    const open = to.filter((d) => !from.some((f) => same(cx.sizes, d, f)));
    const [a, b] = [dim.product(open), dim.product(free)];
    return fail(cx, frame, node.shape, 'N305', 'these sizes are equal in this config only', {
      expected: `${expected} = ${showNumbers(cx.sizes, to)}`,
      found: `${found} = ${showNumbers(cx.sizes, from)}`,
      hint: factHint(a, b),
    });
  }
  const hint = countHint(cx, from, to);
  return fail(cx, frame, node.shape, 'N304', '`as` only splits or merges neighbouring axes', {
    expected,
    found,
    hint,
  });
}

function countHint<V>({ sizes }: Context<V>, from: readonly dim.Dim[], to: readonly dim.Dim[]): string {
  const still = (shape: readonly dim.Dim[]) => dim.product(shape.filter((d) => !isRunning(d)));
  const [a, b] = [numberOf(sizes, still(from)), numberOf(sizes, still(to))];
  if (a !== b) return `${a} numbers for each token do not make ${b}`;
  return sameNumber(sizes, dim.product(from), dim.product(to))
    ? 'it does not reorder; attention takes [B, T, heads, head], so no transpose is needed'
    : 'B and the tokens keep axes of their own';
}
