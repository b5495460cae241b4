/** Where the names in sizes come from, for messages. */

import type { Related } from '../../diagnostic.ts';
import { type Dim, names } from '../../dim.ts';
import type { Context } from './context.ts';
import { isPrelude } from './prelude.ts';
import type { TensorValue } from './value.ts';

/** The config entries that sizes are made of. */
export function sizeNotes<V>({ configSpans }: Context<V>, dims: readonly Dim[]): readonly Related[] {
  const found = new Set(dims.flatMap((d) => [...names(d)]));
  return [...found].flatMap((name) => {
    const span = configSpans.get(name);
    return span ? [{ message: `\`${name}\` is a config entry`, span }] : [];
  });
}

/** Where a tensor got its shape, when it has a name. */
export const shapeNote = <V>({ origin }: TensorValue<V>): readonly Related[] =>
  origin && !isPrelude(origin.span)
    ? [{ message: `\`${origin.label}\` has its shape from here`, span: origin.span }]
    : [];
