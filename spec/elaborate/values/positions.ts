/** Values that describe the tokens of a call: position, order in the row, and whether a token is real. */

import { add, atom } from '../../dim.ts';
import type { Ambient } from '../../sink.ts';
import type { TensorType } from '../../type.ts';
import type { Site } from './context.ts';
import { tensorOf } from './tensors.ts';
import type { TensorValue } from './value.ts';

const [rows, tokens] = [atom('B'), atom('T')];
const allTokens = add(atom('P'), tokens);

/** `past`, a size, never becomes a value of the language. */
const types: Readonly<Record<Exclude<Ambient, 'past'>, TensorType>> = {
  positions: { dtype: 'int64', shape: [rows, tokens] },
  order: { dtype: 'int64', shape: [rows, tokens] },
  key_order: { dtype: 'int64', shape: [rows, allTokens] },
  real: { dtype: 'bool', shape: [rows, allTokens] },
};

/** An ambient value. There is one for the whole model, so it belongs to no block. */
export function ambientValue<V>(site: Site<V>, name: Exclude<Ambient, 'past'>): TensorValue<V> {
  const { cx, shownAt: span } = site;
  return tensorOf(types[name], cx.sink.ambient(name, { scope: '', span, via: [] }));
}

/** `positions`, int64 [B, T]: the model's own input, or else the ambient value. */
export const positionsValue = <V>(site: Site<V>): TensorValue<V> =>
  site.cx.positions ?? ambientValue(site, 'positions');
