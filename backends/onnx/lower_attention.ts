/** Attention over a cache: one operator since opset 23 where it means the same, products and a softmax otherwise. */

import { constant, type Dim, mul, size } from '../../spec/dim.ts';
import { type Attention, attentionExtras } from '../../spec/ops/attention.ts';
import { lowest } from '../../spec/round.ts';
import { cast, reshape, type Site, type Type, transpose, type Value } from './site.ts';
import { isAvailable } from './versions.ts';

export function lowerAttention(site: Site, inputs: readonly Value[], attrs: Attention, type: Type): string {
  return fitsOperator(site, attrs, type) ? oneOperator(site, inputs, attrs) : products(site, inputs, attrs);
}

/** The operator has no sinks, and computes the softmax in the dtype of its operands. */
const fitsOperator = ({ opset }: Site, { sinks }: Attention, { dtype }: Type): boolean =>
  isAvailable('Attention', opset) && dtype === 'float32' && !sinks;

/** The operator has one mask, which is added after the cap, so it can hold the bias too. */
function oneOperator(site: Site, inputs: readonly Value[], attrs: Attention): string {
  const { mask, bias } = attentionExtras(inputs, attrs);
  const added = [...(bias ? [cast(site, bias, 'float32')] : []), ...(mask ? [additive(site, mask)] : [])];
  const [first, second] = added.map((x) => x.name);
  const names = inputs.slice(0, 3).map((x) => x.name);
  if (first !== undefined)
    names.push(second === undefined ? first : site.writer.node('Add', [first, second]));
  return site.writer.node('Attention', names, {
    scale: { f: attrs.scale },
    ...(attrs.softcap === null ? {} : { softcap: { f: attrs.softcap } }),
  });
}

/**
 * What a mask adds to the scores, made once for all layers: half the lowest float, which leaves nothing of a score, so that
 * adding equals choosing. Infinity would make NaN of a row that sees nothing, and onnxruntime's Attention makes zeros of a row
 * of lowest floats; the meaning of such a row is the mean of all values.
 */
function additive({ writer }: Site, mask: Value): Value {
  const hidden = writer.scalar(lowest('float32') / 2, 'float32');
  const name = writer.node('Where', [mask.name, writer.scalar(0, 'float32'), hidden]);
  return { name, type: { ...mask.type, dtype: 'float32' } };
}

/** q [B, H, T, D] times k [B, K, S, D]; heads that share keys are rows of one product. */
function products(site: Site, inputs: readonly Value[], attrs: Attention): string {
  const { writer } = site;
  const [q, k, v] = inputs as readonly [Value, Value, Value, ...Value[]]; // its shape rule takes three at least
  const dtype = q.type.dtype;
  const [b, h, t, d] = q.type.shape as [Dim, Dim, Dim, Dim];
  const [, groups, s, width] = v.type.shape as [Dim, Dim, Dim, Dim];
  const share = constant(h)! / constant(groups)!;
  const grouped = (x: Value, last: Dim): Value =>
    share === 1 ? x : reshape(site, x, [b, groups, mul(size(share), t), last]);
  const product = (a: Value, c: Value, last: Dim): Value => {
    const left = grouped(a, a.type.shape[3]!);
    const name = writer.node('MatMul', [left.name, c.name]);
    const result: Value = { name, type: { dtype, shape: [...left.type.shape.slice(0, 3), last] } };
    return reshape(site, result, [b, h, t, last]);
  };
  const scale = writer.scalar(attrs.scale, dtype);
  const scaled: Value = attrs.scale === 1 ? q : { ...q, name: writer.node('Mul', [q.name, scale]) };
  const keys = transpose(site, k, [0, 1, 3, 2]);
  const scores = cast(site, product({ ...scaled, type: { dtype, shape: [b, h, t, d] } }, keys, s), 'float32');
  const weights = cast(site, { ...scores, name: weigh(site, scores, inputs, attrs) }, dtype);
  return product(weights, v, width).name; // [B, H, T, E]
}

/** Softmax weights [B, H, T, S]: scores are capped, biased and masked, and the share of the sinks is left out. */
function weigh(site: Site, scores: Value, inputs: readonly Value[], attrs: Attention): string {
  const { writer, sizes } = site;
  const { mask, bias, sinks } = attentionExtras(inputs, attrs);
  let y = scores.name;
  if (attrs.softcap !== null) {
    const cap = writer.scalar(attrs.softcap, 'float32');
    y = writer.node('Mul', [writer.node('Tanh', [writer.node('Div', [y, cap])]), cap]);
  }
  if (bias) y = writer.node('Add', [y, cast(site, bias, 'float32').name]);
  if (mask) y = writer.node('Add', [y, additive(site, mask).name]);
  const axis = { axis: { i: 3 } };
  if (!sinks) return writer.node('Softmax', [y], axis);
  const [b, h, t, s] = scores.type.shape as [Dim, Dim, Dim, Dim];
  const column = reshape(site, cast(site, sinks, 'float32'), [one, h, one, one]);
  const wide = writer.node('Expand', [column.name, sizes.shape([b, h, t, one])]);
  const all = writer.node('Softmax', [writer.node('Concat', [y, wide], axis)], axis);
  return writer.node('Slice', [all, writer.ints([0]), sizes.extent(s), writer.ints([3])]);
}

const one = size(1);
