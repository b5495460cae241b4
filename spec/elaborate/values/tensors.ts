/** Tensor values: making them, promoting their dtypes, putting numbers beside them. */

import { type Dim, show } from '../../dim.ts';
import type { Attrs } from '../../op.ts';
import type { ParamDecl, Sink } from '../../sink.ts';
import type { DType, TensorType } from '../../type.ts';
import { type Context, graphDtype, ownIn, type Site } from './context.ts';
import { isWhole, showNumber } from './number.ts';
import { concrete, showSizes } from './sizes.ts';
import { describeKind, type TensorValue, type Value } from './value.ts';

export const tensorOf = <V>(type: TensorType, v: V): TensorValue<V> => ({ kind: 'tensor', type, v });

/** Emits an op whose result has this type. */
export function emit<V>(
  site: Site<V>,
  op: string,
  inputs: readonly TensorValue<V>[],
  attrs: Attrs,
  type: TensorType,
): TensorValue<V> {
  const { cx } = site;
  const values = inputs.map((x) => x.v);
  return tensorOf(type, cx.sink.op(op, values, attrs, site.origin));
}

/** A parameter becomes a tensor when it is used; anything else that is no tensor gives undefined. */
export function asTensor<V>(cx: Context<V>, value: Value<V>): TensorValue<V> | undefined {
  if (value.kind === 'tensor') return value;
  if (value.kind !== 'param') return undefined;
  const own = ownIn(cx.mixing, value);
  if (own !== undefined) return tensorOf(value.type, own);
  return tensorOf(value.type, usedParam(cx, cx.sink, value.decl, value.scope));
}

/** The graph value of a parameter, made at its first use. */
export function usedParam<V>(cx: Context<V>, sink: Sink<V>, decl: ParamDecl, scope: string): V {
  let v = cx.used.get(decl.path);
  if (v === undefined) {
    v = sink.param(decl, { scope, span: decl.span, via: [] });
    cx.used.set(decl.path, v);
  }
  return v;
}

/** The tensor that an operation needs, or a report of what stands there instead. */
export function needTensor<V>(site: Site<V>, value: Value<V>, what: string): TensorValue<V> | undefined {
  const { cx } = site;
  const found = asTensor(cx, value);
  if (found) return found;
  if (value.kind === 'size') reportSize(site, value.dim);
  else if (value.kind !== 'poison') {
    site.fail('N314', `${what} must be a tensor, found ${describeKind(value)}`);
  }
  return undefined;
}

export const reportSize = <V>(site: Site<V>, size?: Dim) =>
  site.fail(
    'N311',
    `${size ? `\`${show(size)}\`` : 'a size known only when running'} is a size, not a value`,
    {
      hint: 'the result would depend on how the text is cut into calls; sizes stand in shapes and slices',
    },
  );

export function castTo<V>(site: Site<V>, x: TensorValue<V>, dtype: DType): TensorValue<V> {
  const { cx } = site;
  const type = { dtype, shape: x.type.shape };
  if (graphDtype(cx, x.type.dtype) === graphDtype(cx, dtype)) return { ...x, type };
  return emit(site, 'cast', [x], { dtype: graphDtype(cx, dtype) }, type);
}

export function scalar<V>(site: Site<V>, value: number, dtype: DType): TensorValue<V> {
  const { cx } = site;
  return emit(site, 'scalar', [], { value, dtype: graphDtype(cx, dtype) }, { dtype, shape: [] });
}

/** The dtype that both become, or undefined when they do not mix. */
export function promote(a: DType, b: DType): DType | undefined {
  if (a === b) return a;
  const wide = (x: DType, y: DType) => x === 'float' && y === 'float32';
  return wide(a, b) || wide(b, a) ? 'float32' : undefined;
}

/** Both operands as tensors of one dtype; numbers take the tensor's. Undefined after a report. */
export function together<V>(
  site: Site<V>,
  a: Value<V>,
  b: Value<V>,
): readonly [TensorValue<V>, TensorValue<V>] | undefined {
  if (a.kind === 'number' || b.kind === 'number') return besideNumber(site, a, b);
  const [x, y] = [needTensor(site, a, 'an operand'), needTensor(site, b, 'an operand')];
  if (!x || !y) return undefined;
  const dtype = promote(x.type.dtype, y.type.dtype);
  if (dtype) return [castTo(site, x, dtype), castTo(site, y, dtype)];
  site.fail('N308', `${x.type.dtype} and ${y.type.dtype} do not mix`, {
    hint: `cast one of them, as in ${y.type.dtype === 'int64' ? 'float(...)' : `${y.type.dtype}(...)`}`,
  });
  return undefined;
}

function besideNumber<V>(
  site: Site<V>,
  a: Value<V>,
  b: Value<V>,
): readonly [TensorValue<V>, TensorValue<V>] | undefined {
  if (a.kind === 'number' && b.kind === 'number') {
    return [scalar(site, a.value, 'float'), scalar(site, b.value, 'float')];
  }
  const [n, other] = a.kind === 'number' ? [a, b] : [b, a];
  const x = needTensor(site, other, 'an operand');
  if (!x || n.kind !== 'number') return undefined;
  const { dtype } = x.type;
  if (dtype === 'bool' || (dtype === 'int64' && !Number.isInteger(n.value))) {
    site.fail('N308', `${dtype} and the number ${showNumber(n.value)} do not mix`, {
      hint: dtype === 'int64' ? 'cast the tensor: float(...)' : 'compare first, or use where(...)',
    });
    return undefined;
  }
  if (dtype === 'int64' && !isWhole(n.value)) {
    site.fail('N308', `the number ${showNumber(n.value)} is too large for int64`);
    return undefined;
  }
  const s = scalar(site, n.value, dtype);
  return a.kind === 'number' ? [s, x] : [x, s];
}

/** `[B, T, heads * head (64)]`, with the dtype in front unless it is `float`. */
export const showTensor = <V>(cx: Context<V>, { dtype, shape }: TensorType): string =>
  `${dtype === 'float' ? '' : dtype}${showSizes(cx.sizes, shape)}`;

/** The type that the sink gets: numbers for names, and a dtype for `float`. */
export const concreteType = <V>(cx: Context<V>, { dtype, shape }: TensorType) => ({
  dtype: graphDtype(cx, dtype),
  shape: shape.map((d) => concrete(cx.sizes, d)),
});
