/** What loops and comprehensions walk, and the names that each turn binds. */

import type * as ast from '../../ast.ts';
import type { Dim } from '../../dim.ts';
import { textOf } from '../../source.ts';
import { type Context, type Frame, fail, step } from '../values/context.ts';
import { number } from '../values/number.ts';
import { makeScope } from '../values/scope.ts';
import { reportSize } from '../values/tensors.ts';
import { describeKind, text, type Value } from '../values/value.ts';
import { takeName } from './declared.ts';

/** One entry of what a loop walks, with its key. */
export interface Turn<V> {
  readonly key: number;
  readonly value: Value<V>;
  /** How many turns the whole list makes, by name. */
  readonly count?: Dim;
}

/** Undefined after a report. */
export function turnsOf<V>(cx: Context<V>, frame: Frame<V>, over: ast.Expr): readonly Turn<V>[] | undefined {
  const value = cx.evaluate(frame, over);
  switch (value.kind) {
    case 'list':
      step(cx, frame, over, value.items.length);
      return counted(value.items.entries(), value.length);
    case 'entries':
      return counted(value.entries, value.length);
    case 'string':
      return [...value.value].map((c, key) => ({ key, value: text(c) }));
    case 'poison':
      return undefined;
    case 'number':
      fail(cx, frame, over, 'N314', 'a loop walks a list, found a number', {
        hint: `write range(${shorten(textOf(over.span))})`,
      });
      return undefined;
    case 'tensor':
    case 'param':
      fail(cx, frame, over, 'N312', 'a loop is unrolled when compiling; this is a tensor', {
        hint: 'entries of an axis: unbind(x, axis)',
      });
      return undefined;
    case 'size':
      reportSize(cx, frame, over, value.dim);
      return undefined;
    default:
      fail(cx, frame, over, 'N314', `a loop walks a list, found ${describeKind(value)}`);
      return undefined;
  }
}

const counted = <V>(entries: Iterable<readonly [number, Value<V>]>, count?: Dim): readonly Turn<V>[] =>
  [...entries].map(([key, value]) => ({ key, value, ...(count ? { count } : {}) }));

/** The names of a loop's binder and what they stand for in one turn. */
export const boundIn = <V>(
  binder: readonly ast.Word[],
  { key, value }: Turn<V>,
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

/** A frame for names that hide nothing, local names included; undefined after a report. */
export function bindingFrame<V>(
  cx: Context<V>,
  frame: Frame<V>,
  binder: readonly ast.Word[],
): Frame<V> | undefined {
  const declared = new Map(binder.map(({ text, span }) => [text, { span, what: 'a loop variable' }]));
  const scope = makeScope('body', frame.scope, declared);
  return binder.every((word) => takeName(cx, frame, scope, word)) ? { ...frame, scope } : undefined;
}

export const shorten = (code: string): string => {
  const line = code.replaceAll(/\s+/g, ' ');
  return line.length <= 40 ? line : `${line.slice(0, 37)}...`;
};
