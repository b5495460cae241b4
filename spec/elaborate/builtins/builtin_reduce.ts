/** Built-in functions along one axis, none of which may hold tokens or rows. */

import * as dim from '../../dim.ts';
import type { Primitive } from '../../op.ts';
import type { Composite } from '../../ops/index.ts';
import { keepApart } from '../values/axes.ts';
import { arithmetic, number } from '../values/number.ts';
import { elementwiseOp } from '../values/operators.ts';
import { concrete, showSize } from '../values/sizes.ts';
import { asTensor, emit, reportSize, showTensor, together } from '../values/tensors.ts';
import { type ListValue, poison, type Value } from '../values/value.ts';
import {
  argumentSite,
  axisArg,
  type Builtin,
  floatArg,
  isFloat,
  numberArg,
  parameters,
  tensorArg,
  type Use,
  wholeArg,
} from './builtin.ts';
import { smallerOrLarger } from './builtin_elementwise.ts';

/** Along `axis`, which is kept with size 1. */
function along<V>(use: Use<V>, op: Primitive, takes: 'float' | 'number' = 'number'): Value<V> {
  const { site, name } = use;
  const x = takes === 'float' ? floatArg(use, 'x') : tensorArg(use, use.given.has('x') ? 'x' : 'a');
  if (!x) return poison;
  if (x.type.dtype === 'bool') {
    return site.fail('N308', `\`${name}\` takes numbers, found ${showTensor(site.cx, x.type)}`);
  }
  if (!use.given.has('axis')) {
    return site.fail('N204', `\`${name}\` of a tensor needs \`axis\``, {
      hint: 'as in axis=-1',
    });
  }
  const axis = axisArg(use, x);
  if (axis === undefined || !keepApart(site, name, x.type.shape[axis]!)) return poison;
  const shape = x.type.shape.map((d, i) => (i === axis ? dim.size(1) : d));
  return emit(site, op, [x], { axis }, { dtype: x.type.dtype, shape });
}

/** The sum of a list, its terms added from the left. */
function sumOfTerms<V>(use: Use<V>, { items }: ListValue<V>): Value<V> {
  const size = items.find((item) => item.kind === 'size');
  if (size?.kind === 'size') return reportSize(use.site, size.dim);
  const [first, ...more] = items;
  if (!first) return number(0);
  const start = first.kind === 'number' ? first : (asTensor(use.site.cx, first) ?? first);
  return more.reduce((sum, item) => plus(use, sum, item), start);
}

function plus<V>(use: Use<V>, a: Value<V>, b: Value<V>): Value<V> {
  const { site } = use;
  if (a.kind === 'poison' || b.kind === 'poison') return poison;
  if (a.kind === 'number' && b.kind === 'number') return arithmetic(site.cx.sizes, '+', a, b);
  const pair = together(site, a, b);
  return pair ? elementwiseOp(site, 'add', pair) : poison;
}

const sum: Builtin = {
  doc: 'the sum along an axis, which is kept with size 1; of a list, the sum of its entries',
  params: parameters('x, axis=none'),
  call(use) {
    const { value } = use.given.get('x')!;
    return value.kind === 'list' ? sumOfTerms(use, value) : along(use, 'reduce_sum');
  },
};

/** `max(a, b)` of two values, `max(x, axis=-1)` along an axis. */
const extreme = (op: 'min' | 'max', which: string): Builtin => ({
  doc: `the ${which} of two values; with axis, the ${which} along it, which is kept with size 1`,
  params: parameters('a, b=none, axis=none'),
  call(use) {
    const b = use.given.get('b');
    if (!b) return along(use, `reduce_${op}`);
    return smallerOrLarger(use, op, use.given.get('a')!.value, b.value);
  },
});

const mean: Builtin = {
  doc: 'the mean along an axis, which is kept with size 1',
  params: parameters('x, axis=none'),
  call: (use) => along(use, 'reduce_mean', 'float'),
};

/** A composite on the last axis, computed in float32, with the dtype of its argument. */
function onLastAxis(op: Composite, doc: string, eps?: string): Builtin {
  return {
    doc,
    params: parameters(eps === undefined ? 'x' : `x, eps=${eps}`),
    call(use) {
      const { site, name } = use;
      const x = floatArg(use, 'x');
      if (!x) return poison;
      const size = x.type.shape.at(-1);
      if (!size) return site.fail('N302', `\`${name}\` needs an axis, found a tensor of rank 0`);
      if (!keepApart(site, name, size)) return poison;
      if (eps === undefined) return emit(site, op, [x], {}, x.type);
      const value = numberArg(use, 'eps', defaults[eps]);
      if (value === undefined) return poison;
      if (!(value >= 0))
        return argumentSite(use, 'eps').fail('N314', `\`eps\` of \`${name}\` must not be negative`);
      return emit(site, op, [x], { eps: value }, x.type);
    },
  };
}
/** Defaults of torch: float32's machine epsilon for rms_norm. */
const defaults: Readonly<Record<string, number>> = { '2**-23': 2 ** -23, '1e-5': 1e-5 };

const is_top: Builtin = {
  doc: 'true at the k largest along the last axis, the lowest index first among equals',
  params: parameters('x, k'),
  call(use) {
    const { site, name } = use;
    const x = tensorArg(use, 'x');
    const k = wholeArg(use, 'k', 1);
    if (!x || k === undefined) return poison;
    const size = x.type.shape.at(-1);
    if (!size) return site.fail('N302', `\`${name}\` needs an axis, found a tensor of rank 0`);
    if (!isFloat(x.type.dtype)) {
      return argumentSite(use, 'x').fail(
        'N308',
        `\`${name}\` takes float, found ${showTensor(site.cx, x.type)}`,
      );
    }
    if (!keepApart(site, name, size)) return poison;
    if (!dim.provablyNonNegative(dim.sub(concrete(site.cx.sizes, size), dim.size(k)))) {
      return argumentSite(use, 'k').fail(
        'N306',
        `\`${name}\` of ${k} among ${showSize(site.cx.sizes, size)}`,
      );
    }
    return emit(site, 'is_top', [x], { k }, { dtype: 'bool', shape: x.type.shape });
  },
};

export const reductions = {
  sum,
  mean,
  max: extreme('max', 'larger'),
  min: extreme('min', 'smaller'),
  softmax: onLastAxis('softmax', 'exp(x) over its sum along the last axis, in float32 inside'),
  rms_norm: onLastAxis(
    'rms_norm',
    'x over its root mean square along the last axis, in float32 inside',
    '2**-23',
  ),
  layer_norm: onLastAxis(
    'layer_norm',
    'x less its mean, over its standard deviation, along the last axis',
    '1e-5',
  ),
  is_top,
} satisfies Readonly<Record<string, Builtin>>;
