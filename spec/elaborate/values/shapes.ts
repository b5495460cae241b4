/** Shapes as written: sizes in types and `as`, and checks of values against declared types. */

import type * as ast from '../../ast.ts';
import * as dim from '../../dim.ts';
import { textOf } from '../../source.ts';
import type { TensorType } from '../../type.ts';
import { byName, byNumber, factHint } from './axes.ts';
import type { Site } from './context.ts';
import { isWhole, showNumber } from './number.ts';
import { shapeNote, sizeNotes } from './size_notes.ts';
import { same } from './sizes.ts';
import { showTensor } from './tensors.ts';
import { describeKind, type TensorValue, type Value } from './value.ts';

/** A size from an expression; undefined after a report. */
export function sizeOf<V>(site: Site<V, ast.Expr>): dim.Dim | undefined {
  const { node } = site;
  const value = site.evaluate(node);
  if (value.kind === 'size') return value.dim;
  if (value.kind === 'number') return wholeSize(site, value);
  if (value.kind !== 'poison') {
    site.fail('N314', `a size must be a number, found ${describeKind(value)}`);
  }
  return undefined;
}

function wholeSize<V>(
  site: Site<V, ast.Expr>,
  { value, dim: d }: Extract<Value<V>, { kind: 'number' }>,
): dim.Dim | undefined {
  const { cx, node } = site;
  if (isWhole(value) && value >= 0) return d ?? dim.exact(value);
  const code = textOf(node.span);
  const said = d && dim.constant(d) === undefined ? dim.show(d) : code;
  const text = said === code ? `\`${code}\`` : `\`${code}\` = ${said}`;
  const negative = isWhole(value);
  const message = `${text} is ${showNumber(value)}: a size must be ${negative ? 'positive' : 'a whole number'}`;
  // One wrong entry of the config is wrong wherever the size stands: it is said once.
  if (cx.diagnostics.some((d) => d.message === message)) return undefined;
  site.fail('N313', message, {
    hint: negative ? 'check the config entries that it is made of' : wholeHint(d),
    related: d ? sizeNotes(cx, [d]) : [],
  });
  return undefined;
}

/** `heads must divide dim`, where the size is such a fraction. */
function wholeHint(d: dim.Dim | undefined): string {
  const [term, ...more] = d?.terms ?? [];
  const names = (sign: number): string =>
    (term?.powers ?? []).flatMap(([name, e]) => (e * sign > 0 ? [name] : [])).join(' * ');
  return term && more.length === 0 && names(-1) !== '' && names(1) !== ''
    ? `${names(-1)} must divide ${names(1)}`
    : 'check the config entries that it is made of, or floor with `//`';
}

/** A whole number decided when compiling; undefined after a report. */
export function wholeNumber<V>(site: Site<V>, value: Value<V>, what: string): number | undefined {
  if (value.kind === 'number' && isWhole(value.value)) return value.value;
  if (value.kind === 'poison') return undefined;
  if (value.kind === 'number') {
    site.fail('N313', `${what} must be a whole number, found ${showNumber(value.value)}`);
  } else if (value.kind === 'tensor' || value.kind === 'size') {
    site.fail('N312', `${what} must be known when compiling, found ${describeKind(value)}`);
  } else site.fail('N314', `${what} must be a whole number, found ${describeKind(value)}`);
  return undefined;
}

/** A type as written; `...` stands for leading axes and gives `open`. */
export interface WrittenType {
  readonly type: TensorType;
  readonly open: boolean;
}

export function writtenType<V>(site: Site<V, ast.Type>): WrittenType | undefined {
  const { node } = site;
  const shape = writtenShape(site.at(node.shape));
  return shape && { type: { dtype: node.dtype, shape: shape.sizes }, open: shape.open };
}

export function writtenShape<V>(
  site: Site<V, ast.Shape>,
): { readonly sizes: readonly dim.Dim[]; readonly open: boolean } | undefined {
  const { sizes } = site.node;
  const [first] = sizes;
  const open = first?.kind === 'Ellipsis';
  const rest = open ? sizes.slice(1) : sizes;
  const found = rest.map((s) => {
    if (s.kind !== 'Ellipsis') return sizeOf(site.at(s));
    site.at(s).fail('N302', '`...` may only stand for the first axes');
    return undefined;
  });
  return found.every((d) => d !== undefined) ? { sizes: found, open } : undefined;
}

/** Holds a tensor against a declared type: dtype, then sizes by name. False after a report. */
export function checkType<V>(
  site: Site<V>,
  what: string,
  { type, open }: WrittenType,
  x: TensorValue<V>,
): boolean {
  const { cx } = site;
  const shape = open
    ? x.type.shape.slice(Math.max(0, x.type.shape.length - type.shape.length))
    : x.type.shape;
  const fits = (equal: (a: dim.Dim, b: dim.Dim) => boolean) =>
    shape.length === type.shape.length && shape.every((d, i) => equal(d, type.shape[i]!));
  if (type.dtype === x.type.dtype && fits(byName(cx))) return true;
  const expected = open ? showTensor(cx, type).replace('[', '[..., ') : showTensor(cx, type);
  const found = showTensor(cx, x.type);
  if (type.dtype !== x.type.dtype) {
    site.fail('N309', `${what} has another dtype than declared`, {
      expected: `${type.dtype}, in ${expected}`,
      found: x.type.dtype,
      hint: `cast it: ${type.dtype}(...)`,
    });
  } else if (fits(byNumber(cx))) {
    const i = shape.findIndex((d, k) => !same(cx.sizes, d, type.shape[k]!));
    site.fail('N305', 'these sizes are equal in this config only', {
      expected,
      found,
      hint: factHint(shape[i]!, type.shape[i]!),
      related: [...shapeNote(x), ...sizeNotes(cx, [shape[i]!, type.shape[i]!])],
    });
  } else {
    const related = shapeNote(x);
    site.fail('N301', `${what} has another shape than declared`, { expected, found, related });
  }
  return false;
}
