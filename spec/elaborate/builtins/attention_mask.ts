/** The mask and the bias of attention, the only values over pairs of tokens. */

import * as dim from '../../dim.ts';
import type { Primitive } from '../../op.ts';
import type { GivenArgument } from '../values/frame.ts';
import { number } from '../values/number.ts';
import { ambientValue } from '../values/positions.ts';
import { same } from '../values/sizes.ts';
import { asTensor, castTo, emit, scalar, showTensor } from '../values/tensors.ts';
import { describeKind, type TensorValue, type Value } from '../values/value.ts';
import { isFloat, type Use } from './builtin.ts';

const [rows, tokens] = [dim.atom('B'), dim.atom('T')];
const allTokens = dim.add(dim.atom('P'), tokens);
const one = dim.size(1);
/** Shape over queries and keys. */
const pairs = [rows, tokens, allTokens];

interface Orders<V> {
  /** int64 [B, T, 1] */
  readonly q: TensorValue<V>;
  /** int64 [B, 1, P + T] */
  readonly k: TensorValue<V>;
}

/** Emits outside any block: equal masks are shared, so they belong to the model and not to the block that makes one first. */
function outside<V>(use: Use<V>): Use<V> {
  return { ...use, site: use.site.inFrame({ ...use.site.frame, path: '', via: [] }) };
}

function shaped<V>({ site }: Use<V>, x: TensorValue<V>, shape: readonly dim.Dim[]): TensorValue<V> {
  return emit(site, 'reshape', [x], { shape }, { dtype: x.type.dtype, shape });
}

function ordersOf<V>(use: Use<V>): Orders<V> {
  const ambient = (name: 'order' | 'key_order') => ambientValue(use.site, name);
  return {
    q: shaped(use, ambient('order'), [rows, tokens, one]),
    k: shaped(use, ambient('key_order'), [rows, one, allTokens]),
  };
}

/** bool [B, 1, T, P + T]: causal, within the window, visible, and no padding. Null after a report. */
export function maskOf<V>(
  inner: Use<V>,
  window: number | null,
  visible: GivenArgument<V> | undefined,
): TensorValue<V> | null {
  const use = outside(inner);
  const { site } = use;
  const { q, k } = ordersOf(use);
  const make = (op: Primitive, inputs: readonly TensorValue<V>[], dtype: 'int64' | 'bool') =>
    emit(site, op, inputs, {}, { dtype, shape: pairs });
  const real = shaped(use, ambientValue(site, 'real'), [rows, one, allTokens]);
  let mask = make('and', [make('le', [k, q], 'bool'), real], 'bool');
  if (window !== null) {
    const far = make('sub', [q, k], 'int64');
    mask = make('and', [mask, make('lt', [far, scalar(site, window, 'int64')], 'bool')], 'bool');
  }
  if (visible) {
    const shown = called(inner, visible, [q, k]);
    const seen = shown && fitted(inner, visible, 'visible', shown);
    if (!seen) return null;
    mask = make('and', [mask, seen], 'bool');
  }
  return shaped(use, mask, [rows, one, tokens, allTokens]);
}

/** float32 [B, H, T, P + T]: the results of the function for all heads. Null after a report. */
export function biasOf<V>(inner: Use<V>, bias: GivenArgument<V>, heads: number): TensorValue<V> | null {
  const use = outside(inner);
  const { site } = inner;
  const orders = ordersOf(use);
  const [q, k] = [orders.q, orders.k].map((x) => castTo(use.site.at(site.node), x, 'float32'));
  const slices: TensorValue<V>[] = [];
  for (let h = 0; h < heads; h++) {
    const given = called(inner, bias, [number(h), q!, k!]);
    const slice = given && fitted(inner, bias, 'bias', given);
    if (!slice) return null;
    slices.push(shaped(inner, slice, [rows, one, tokens, allTokens]));
  }
  if (slices.length === 1) return slices[0]!;
  const shape = [rows, dim.size(heads), tokens, allTokens];
  return emit(site, 'concat', slices, { axis: 1 }, { dtype: 'float32', shape });
}

/** Calls the function; undefined after a report. */
function called<V>(use: Use<V>, of: GivenArgument<V>, values: readonly Value<V>[]): Value<V> | undefined {
  const { site } = use;
  const args = values.map((value) => ({ value, span: of.span }));
  const by = site
    .inFrame({ ...site.frame, pairs: true })
    .at({ span: of.span, args, name: of.said ?? 'the function' });
  const result = site.cx.call(by, of.value);
  return result.kind === 'poison' ? undefined : result;
}

/** A function's result as [B, T, P + T] of the dtype wanted; undefined after a report. */
function fitted<V>(
  use: Use<V>,
  of: GivenArgument<V>,
  name: 'bias' | 'visible',
  result: Value<V>,
): TensorValue<V> | undefined {
  const { site } = use;
  const wanted = name === 'bias' ? 'float32' : 'bool';
  const x = tensorFrom(use, name, result);
  const right = x && (name === 'bias' ? isFloat(x.type.dtype) : x.type.dtype === 'bool');
  if (!x || !right || !stretches(use, x)) {
    site.at(of).fail(right ? 'N303' : 'N308', `\`${name}\` must give ${wanted} for each pair of tokens`, {
      expected: `${wanted}[B, T, P + T]`,
      found: x ? showTensor(site.cx, x.type) : describeKind(result),
    });
    return undefined;
  }
  const y = name === 'bias' ? castTo(site, x, 'float32') : x;
  const whole = y.type.shape.length === 3 && y.type.shape.every((d, i) => dim.equal(d, pairs[i]!));
  return whole ? y : emit(site, 'broadcast', [y], { shape: pairs }, { dtype: wanted, shape: pairs });
}

/** A number or a truth is the same for all pairs. */
function tensorFrom<V>({ site }: Use<V>, name: 'bias' | 'visible', x: Value<V>) {
  if (x.kind === 'number' && name === 'bias') return scalar(site, x.value, 'float32');
  if (x.kind === 'bool' && name === 'visible') return scalar(site, Number(x.value), 'bool');
  return asTensor(site.cx, x);
}

function stretches<V>({ site }: Use<V>, { type: { shape } }: TensorValue<V>): boolean {
  const lead = pairs.length - shape.length;
  return lead >= 0 && shape.every((d, i) => dim.isOne(d) || same(site.cx.sizes, d, pairs[lead + i]!));
}
