/** Expressions to values. */

import type * as ast from '../../ast.ts';
import { textOf } from '../../source.ts';
import { type Site, step } from '../values/context.ts';
import type { GivenArgument } from '../values/frame.ts';
import { index } from '../values/indexing.ts';
import { number } from '../values/number.ts';
import { binary, unary } from '../values/operators.ts';
import { reshape } from '../values/reshape.ts';
import { reportSize } from '../values/tensors.ts';
import { bool, describeKind, list, none, poison, text, type Value } from '../values/value.ts';
import { bindingSite, boundIn, iterationsOf, shorten } from './iterations.ts';
import { sumOfTerms } from './mixture.ts';
import { resolve, select } from './names.ts';

/** The value of an expression, in the frame of the site that it is part of. */
export function evaluate<V>(site: Site<V>, expr: ast.Expr): Value<V> {
  step(site.at(expr));
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
      return resolve(site.at(expr));
    case 'Select':
      return select(site.at(expr.name), site.evaluate(expr.object));
    case 'If':
      return choose(site.at(expr));
    case 'Binary':
      return binary(site.at(expr));
    case 'Unary':
      return unary(site.at(expr));
    case 'Index':
      return index(site.at(expr));
    case 'As':
      return reshape(site.at(expr));
    case 'List':
      return list(expr.items.map((item) => single(site.at(item))));
    case 'Comprehension':
      return comprehension(site.at(expr));
    case 'Call':
      return call(site.at(expr));
    default:
      return expr satisfies never;
  }
}

/** Evaluates to one value; several results of a call are an error. */
export function single<V>(site: Site<V, ast.Expr>): Value<V> {
  const { node: expr } = site;
  const value = site.evaluate(expr);
  if (value.kind !== 'list' || !value.several) return value;
  const n = value.items.length;
  return site.fail('N217', `one value is needed here, \`${shorten(textOf(expr.span))}\` gives ${n}`, {
    hint: `take them apart first: ${'a, b, c, d'.slice(0, 3 * n - 2)}${n > 4 ? ', ...' : ''} = ...`,
  });
}

/** The truth of a compile-time condition; undefined after a report. */
export function decide<V>(site: Site<V, ast.Expr>): boolean | undefined {
  const value = single(site);
  switch (value.kind) {
    case 'bool':
      return value.value;
    case 'poison':
      return undefined;
    case 'tensor':
    case 'param':
      site.fail('N312', '`if` is decided when compiling; this depends on a tensor', {
        hint: 'choose between values of tensors with where(condition, a, b)',
      });
      return undefined;
    case 'size':
      reportSize(site, value.dim);
      return undefined;
    default:
      site.fail('N314', `a condition must be true or false, found ${describeKind(value)}`, {
        ...(value.kind === 'none' ? { hint: 'compare it: x == none' } : {}),
        ...(value.kind === 'number' ? { hint: 'compare it: n != 0' } : {}),
      });
      return undefined;
  }
}

function choose<V>(site: Site<V, ast.If>): Value<V> {
  const { node: expr } = site;
  const test = decide(site.at(expr.test));
  return test === undefined ? poison : site.evaluate(test ? expr.then : expr.else);
}

function comprehension<V>(site: Site<V, ast.Comprehension>): Value<V> {
  const { node: expr } = site;
  const iterations = iterationsOf(site.at(expr.over));
  const inner = bindingSite(site, expr.binder);
  if (!iterations || !inner) return poison;
  const items: Value<V>[] = [];
  for (const iteration of iterations) {
    for (const [name, value] of boundIn(expr.binder, iteration)) inner.frame.scope.names.set(name, value);
    const kept = expr.when ? decide(inner.at(expr.when)) : true;
    if (kept === undefined) return poison;
    if (kept) items.push(single(inner.at(expr.body)));
  }
  if (items.some((i) => i.kind === 'poison')) return poison;
  const count = expr.when ? undefined : iterations[0]?.count;
  return { ...list(items), ...(count ? { length: count } : {}) };
}

function call<V>(site: Site<V, ast.Call>): Value<V> {
  const { cx, node: expr } = site;
  const callee = site.evaluate(expr.callee);
  const plainly = (): Value<V> => {
    const args = argumentsOf(site);
    if (callee.kind === 'poison') return poison;
    return cx.call(site.at({ span: expr.span, args, name: textOf(expr.callee.span) }), callee);
  };
  const isSum = callee.kind === 'builtin' && callee.name === 'sum';
  return isSum ? sumOfTerms(site, plainly) : plainly();
}

export const argumentsOf = <V>(site: Site<V, ast.Call | ast.Construct>): readonly GivenArgument<V>[] =>
  site.node.args.map(({ name, value, span }) => ({
    ...(name ? { name } : {}),
    value: single(site.at(value)),
    span: name ? span : value.span,
    ...(value.kind === 'Name' ? { said: value.text } : {}),
  }));
