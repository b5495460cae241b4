/** The iterations of loops and comprehensions, and the names that each one binds. */

import type * as ast from '../../ast.ts';
import type { Dim } from '../../dim.ts';
import { textOf } from '../../source.ts';
import { readItems, type Site, step } from '../values/context.ts';
import { number } from '../values/number.ts';
import { makeScope } from '../values/scope.ts';
import { reportSize } from '../values/tensors.ts';
import { assignedAt, describeKind, text, type Value } from '../values/value.ts';
import { takeName } from './declared.ts';

/** One iteration: an entry of the list, with its key. */
export interface Iteration<V> {
  readonly key: number;
  readonly value: Value<V>;
  /** The number of iterations as a size with names. */
  readonly count?: Dim;
}

/** The iterations over a value; undefined after a report. */
export function iterationsOf<V>(site: Site<V, ast.Expr>): readonly Iteration<V>[] | undefined {
  const { node: over } = site;
  const value = site.evaluate(over);
  switch (value.kind) {
    case 'list':
      step(site, value.items.length);
      return counted(value.items.entries(), value.length);
    case 'entries':
      readItems(site.cx, value);
      return counted(value.entries, value.length);
    case 'string':
      return [...value.value].map((c, key) => ({ key, value: text(c) }));
    case 'poison':
      return undefined;
    case 'number':
      site.fail('N314', 'a loop walks a list, found a number', {
        hint: `write range(${shorten(textOf(over.span))})`,
      });
      return undefined;
    case 'tensor':
    case 'param':
      site.fail('N312', 'a loop is unrolled when compiling; this is a tensor', {
        hint: 'entries of an axis: unbind(x, axis)',
      });
      return undefined;
    case 'size':
      reportSize(site, value.dim);
      return undefined;
    default:
      site.fail('N314', `a loop walks a list, found ${describeKind(value)}`);
      return undefined;
  }
}

const counted = <V>(entries: Iterable<readonly [number, Value<V>]>, count?: Dim): readonly Iteration<V>[] =>
  [...entries].map(([key, value]) => ({ key, value, ...(count ? { count } : {}) }));

/** The names of a loop's binder, with their values in one iteration. */
export const boundIn = <V>(
  binder: readonly ast.Word[],
  { key, value }: Iteration<V>,
): readonly (readonly [string, Value<V>])[] => {
  const [first, second] = binder;
  if (!first) return [];
  return second
    ? [
        [first.text, number(key)],
        [second.text, value],
      ]
    : [[first.text, value]];
};

/** The site in a frame for names that hide nothing, local names included; undefined after a report. */
export function bindingSite<V>(site: Site<V>, binder: readonly ast.Word[]): Site<V> | undefined {
  const declared = new Map(binder.map((word) => [word.text, assignedAt(word, 'loop')]));
  const scope = makeScope('body', site.frame.scope, declared);
  return binder.every((word) => takeName(site.at(word), scope))
    ? site.inFrame({ ...site.frame, scope })
    : undefined;
}

export const shorten = (code: string): string => {
  const line = code.replaceAll(/\s+/g, ' ');
  return line.length <= 40 ? line : `${line.slice(0, 37)}...`;
};
