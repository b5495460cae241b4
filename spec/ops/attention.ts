/** Scaled dot product attention with grouped heads. */

import { constant, type Dim, mul, showShape, size } from '../dim.ts';
import { type Emit, ownOp, type Source, words } from '../op.ts';
import { broadcastDims, isFloat, type Type } from '../primitives/row.ts';
import { lowest } from '../round.ts';
import { softmax } from './softmax.ts';

export interface Attention {
  readonly scale: number;
  readonly softcap: number | null;
  /** Keys seen, the token's own included; the mask already hides the others. */
  readonly window: number | null;
  /** Which of the optional inputs are there, in this order. */
  readonly mask: boolean;
  readonly bias: boolean;
  readonly sinks: boolean;
  /** The mask says nothing but causal, window and padding. */
  readonly plain: boolean;
  readonly [key: string]: number | boolean | null;
}

/** The optional inputs by name. */
export function attentionExtras<V>(inputs: readonly V[], { mask, bias, sinks }: Attention) {
  const rest = inputs.slice(3);
  const next = (there: boolean): V | undefined => (there ? rest.shift() : undefined);
  return { mask: next(mask), bias: next(bias), sinks: next(sinks) };
}

function infer(inputs: readonly Type[], attrs: Attention): Type | string {
  const [q, k, v] = inputs;
  if (inputs.length !== 3 + Number(attrs.mask) + Number(attrs.bias) + Number(attrs.sinks)) {
    return `found ${inputs.length} inputs`;
  }
  if ([q, k, v].some((x) => x!.shape.length !== 4)) return 'q, k and v must have four axes';
  if (q!.dtype !== k!.dtype || q!.dtype !== v!.dtype || !isFloat(q!.dtype)) {
    return `dtypes ${q!.dtype}, ${k!.dtype} and ${v!.dtype} of q, k and v`;
  }
  const shapes = `q ${showShape(q!.shape)}, k ${showShape(k!.shape)}, v ${showShape(v!.shape)}`;
  const [heads, groups] = [constant(q!.shape[1]!), constant(k!.shape[1]!)];
  if (!heads || !groups || heads % groups !== 0) return `heads do not group: ${shapes}`;
  if (q!.shape[3]!.key !== k!.shape[3]!.key || v!.shape[1]!.key !== k!.shape[1]!.key)
    return `sizes differ: ${shapes}`;
  if (v!.shape[2]!.key !== k!.shape[2]!.key) return `keys and values differ in number: ${shapes}`;
  const scores = [...q!.shape.slice(0, 3), k!.shape[2]!];
  const { mask, bias, sinks } = attentionExtras(inputs, attrs);
  if (sinks && showShape(sinks.shape) !== showShape([q!.shape[1]!])) {
    return `sinks ${showShape(sinks.shape)} are not one for each head: ${shapes}`;
  }
  for (const extra of [mask, bias]) {
    if (!extra) continue;
    const joined = broadcastDims(extra.shape, scores);
    if (typeof joined === 'string' || showShape(joined) !== showShape(scores)) {
      return `mask or bias ${showShape(extra.shape)} against scores ${showShape(scores)}`;
    }
  }
  if (mask && mask.dtype !== 'bool') return `the mask must be bool, found ${mask.dtype}`;
  return { dtype: q!.dtype, shape: [...q!.shape.slice(0, 3), v!.shape[3]!] };
}

/**
 * Each query by itself, and each head where all share one of keys; heads that share keys are rows of one product, in which the
 * steps lose sight of them.
 */
function sources(axis: number, inputs: readonly Type[], { sinks }: Attention): readonly Source[] | undefined {
  if (axis !== 2 && (axis !== 1 || constant(inputs[1]!.shape[1]!) !== 1)) return undefined;
  return inputs.map(({ shape }, i) => {
    if (i === 1 || i === 2) return 'whole';
    if (sinks && i === inputs.length - 1) return axis === 1 ? 0 : 'whole';
    const at = shape.length - 4 + axis;
    return at < 0 || (i > 0 && constant(shape[at]!) === 1) ? 'whole' : at;
  });
}

/** Softmax weights [B, H, T, S]: scores capped, biased, masked, with the sinks' share taken away. */
function weigh<V>(e: Emit<V>, scores: V, inputs: readonly V[], attrs: Attention): V {
  const w = words(e);
  const { mask, bias, sinks } = attentionExtras(inputs, attrs);
  const [b, h, t, s] = e.typeOf(scores).shape as [Dim, Dim, Dim, Dim];
  let y = scores;
  if (attrs.softcap !== null) {
    const cap = w.scalar(attrs.softcap, y);
    y = w.mul(w.tanh(w.div(y, cap)), cap);
  }
  if (bias !== undefined) y = w.add(y, w.cast(bias, 'float32'));
  if (mask !== undefined) y = w.where(mask, y, w.scalar(lowest('float32'), y));
  if (sinks === undefined) return softmax.decompose(e, [y], {});
  const column = w.reshape(w.cast(sinks, 'float32'), [size(1), h, size(1), size(1)]);
  const wide = e.make('broadcast', [column], { shape: [b, h, t, size(1)] });
  return w.slice(softmax.decompose(e, [w.concat([y, wide], 3)], {}), 3, size(0), s);
}

export const attention = ownOp<Attention>({
  name: 'attention',
  doc: 'softmax(scale q k, masked) v over q [B, H, T, D], k [B, K, S, D], v [B, K, S, E]; softmax in float32.',
  inputs: ['q', 'k', 'v', 'mask?', 'bias?', 'sinks?'],
  infer,
  sources,
  bounds: ([, , values]) => values!, // each number lies between those of the values, or nearer to zero
  decompose(e, inputs, attrs) {
    const w = words(e);
    const [q, k, v] = inputs;
    const { dtype, shape } = e.typeOf(q!);
    const [b, h, t, d] = shape as [Dim, Dim, Dim, Dim];
    const [, groups, s, width] = e.typeOf(v!).shape as [Dim, Dim, Dim, Dim];
    const share = constant(h)! / constant(groups)!;
    const rows = mul(size(share), t);
    const group = (x: (typeof inputs)[number], last: Dim) =>
      share === 1 ? x : w.reshape(x, [b, groups, rows, last]);
    const ungroup = (x: (typeof inputs)[number], last: Dim) =>
      share === 1 ? x : w.reshape(x, [b, h, t, last]);
    const scaled = w.mul(q!, w.scalar(attrs.scale, q!));
    const products = w.matmul(group(scaled, d), w.transpose(k!, [0, 1, 3, 2])); // [B, K, G * T, S]
    const scores = w.cast(ungroup(products, s), 'float32'); // [B, H, T, S]
    const weights = w.cast(weigh(e, scores, inputs, attrs), dtype);
    return ungroup(w.matmul(group(weights, s), v!), width); // [B, H, T, E]
  },
  recognise: 'a cache and a mask make it, which only the name brings together',
});
