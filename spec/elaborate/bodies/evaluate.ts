/** Expressions to values. */

import type * as ast from '../../ast.ts';
import { textOf } from '../../source.ts';
import { type Context, type Frame, fail, type GivenArgument, step } from '../values/context.ts';
import { index } from '../values/indexing.ts';
import { number } from '../values/number.ts';
import { binary, unary } from '../values/operators.ts';
import { reshape } from '../values/reshape.ts';
import { reportSize } from '../values/tensors.ts';
import { bool, describeKind, list, none, poison, text, type Value } from '../values/value.ts';
import { bindingFrame, boundIn, iterationsOf, shorten } from './iterations.ts';
import { sumOfTerms } from './mixture.ts';
import { resolve, select } from './names.ts';

export function evaluate<V>(cx: Context<V>, frame: Frame<V>, expr: ast.Expr): Value<V> {
  step(cx, frame, expr);
  switch (expr.kind) {
    case 'Number':
      return number(expr.value);
    case 'Text':
      return text(expr.value);
    case 'Bool':
      return bool(expr.value);
    case 'None':
      return none;
    case 'DType':
      return { kind: 'dtype', dtype: expr.dtype };
    case 'Name':
      return resolve(cx, frame, expr);
    case 'Select':
      return select(cx, frame, evaluate(cx, frame, expr.object), expr.name);
    case 'If':
      return choose(cx, frame, expr);
    case 'Binary':
      return binary(cx, frame, expr);
    case 'Unary':
      return unary(cx, frame, expr);
    case 'Index':
      return index(cx, frame, expr);
    case 'As':
      return reshape(cx, frame, expr);
    case 'List':
      return list(expr.items.map((item) => single(cx, frame, item)));
    case 'Comprehension':
      return comprehension(cx, frame, expr);
    case 'Call':
      return call(cx, frame, expr);
    default:
      return expr satisfies never;
  }
}

/** Evaluates to one value; several results of a call are an error. */
export function single<V>(cx: Context<V>, frame: Frame<V>, expr: ast.Expr): Value<V> {
  const value = evaluate(cx, frame, expr);
  if (value.kind !== 'list' || !value.several) return value;
  const n = value.items.length;
  return fail(
    cx,
    frame,
    expr,
    'N217',
    `one value is needed here, \`${shorten(textOf(expr.span))}\` gives ${n}`,
    {
      hint: `take them apart first: ${'a, b, c, d'.slice(0, 3 * n - 2)}${n > 4 ? ', ...' : ''} = ...`,
    },
  );
}

/** The truth of a compile-time condition; undefined after a report. */
export function decide<V>(cx: Context<V>, frame: Frame<V>, test: ast.Expr): boolean | undefined {
  const value = single(cx, frame, test);
  switch (value.kind) {
    case 'bool':
      return value.value;
    case 'poison':
      return undefined;
    case 'tensor':
    case 'param':
      fail(cx, frame, test, 'N312', '`if` is decided when compiling; this depends on a tensor', {
        hint: 'choose between values of tensors with where(condition, a, b)',
      });
      return undefined;
    case 'size':
      reportSize(cx, frame, test, value.dim);
      return undefined;
    default:
      fail(cx, frame, test, 'N314', `a condition must be true or false, found ${describeKind(value)}`, {
        ...(value.kind === 'none' ? { hint: 'compare it: x == none' } : {}),
        ...(value.kind === 'number' ? { hint: 'compare it: n != 0' } : {}),
      });
      return undefined;
  }
}

function choose<V>(cx: Context<V>, frame: Frame<V>, expr: ast.If): Value<V> {
  const test = decide(cx, frame, expr.test);
  return test === undefined ? poison : evaluate(cx, frame, test ? expr.then : expr.else);
}

function comprehension<V>(cx: Context<V>, frame: Frame<V>, expr: ast.Comprehension): Value<V> {
  const turns = iterationsOf(cx, frame, expr.over);
  const inner = bindingFrame(cx, frame, expr.binder);
  if (!turns || !inner) return poison;
  const items: Value<V>[] = [];
  for (const turn of turns) {
    for (const [name, value] of boundIn(expr.binder, turn)) inner.scope.names.set(name, value);
    const kept = expr.when ? decide(cx, inner, expr.when) : true;
    if (kept === undefined) return poison;
    if (kept) items.push(single(cx, inner, expr.body));
  }
  if (items.some((i) => i.kind === 'poison')) return poison;
  const count = expr.when ? undefined : turns[0]?.count;
  return { ...list(items), ...(count ? { length: count } : {}) };
}

function call<V>(cx: Context<V>, frame: Frame<V>, expr: ast.Call): Value<V> {
  const callee = evaluate(cx, frame, expr.callee);
  const plainly = (): Value<V> => {
    const args = argumentsOf(cx, frame, expr.args);
    if (callee.kind === 'poison') return poison;
    return cx.call(frame, callee, { span: expr.span, args, name: textOf(expr.callee.span) });
  };
  const isSum = callee.kind === 'builtin' && callee.name === 'sum';
  return isSum ? sumOfTerms(cx, frame, expr, plainly) : plainly();
}

export const argumentsOf = <V>(
  cx: Context<V>,
  frame: Frame<V>,
  args: readonly ast.Argument[],
): readonly GivenArgument<V>[] =>
  args.map(({ name, value, span }) => ({
    ...(name ? { name } : {}),
    value: single(cx, frame, value),
    span: name ? span : value.span,
    ...(value.kind === 'Name' ? { said: value.text } : {}),
  }));
