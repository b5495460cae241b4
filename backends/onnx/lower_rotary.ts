/** Rotary embedding: one operator since opset 23; five operators before it where whole heads are rotated. */

import { constant, mul, size } from '../../spec/dim.ts';
import { rotary } from '../../spec/ops/rotary.ts';
import { emitter } from './emitter.ts';
import { reshape, type Site, type Type, type Value } from './site.ts';
import { isAvailable } from './versions.ts';

interface Rotary {
  readonly pairing: 'halves' | 'interleaved';
}

/** x [B, T, n, m], the tables of its positions, and how many pairs of each head they rotate. */
interface Operands {
  readonly x: Value;
  readonly cos: Value;
  readonly sin: Value;
  readonly pairs: number;
}

export function lowerRotary(site: Site, inputs: readonly Value[], attrs: Rotary, type: Type): string {
  const [x, cos, sin] = inputs as readonly [Value, Value, Value]; // its shape rule takes three
  const pairs = constant(cos.type.shape[3]!)!;
  const width = constant(type.shape[3]!)!;
  if (isAvailable('RotaryEmbedding', site.opset)) return oneOperator(site, { x, cos, sin, pairs }, attrs);
  if (attrs.pairing === 'halves' && 2 * pairs === width) return swappedHalves(site, { x, cos, sin, pairs });
  return rotary.decompose(emitter(site), inputs, attrs).name;
}

/** RotaryEmbedding takes [B, T, n * m], and tables [B, T, d / 2] of those positions. */
function oneOperator(site: Site, { x, cos, sin, pairs }: Operands, { pairing }: Rotary): string {
  const [b, t, n, m] = x.type.shape;
  const flat = reshape(site, x, [b!, t!, mul(n!, m!)]);
  const rows = [cos, sin].map((table) => {
    const [tb, tt] = table.type.shape;
    return reshape(site, table, [tb!, tt!, size(pairs)]).name;
  });
  const whole = 2 * pairs === constant(m!);
  const name = site.writer.node('RotaryEmbedding', [flat.name, ...rows], {
    num_heads: { i: constant(n!)! },
    ...(pairing === 'interleaved' ? { interleaved: { i: 1 } } : {}),
    ...(whole ? {} : { rotary_embedding_dim: { i: 2 * pairs } }),
  });
  return reshape(site, { name, type: flat.type }, x.type.shape).name;
}

/** x * [cos, cos] + [second half, first half] * [-sin, sin]; the doubled tables are made once. */
function swappedHalves({ writer }: Site, { x, cos, sin, pairs }: Operands): string {
  const axis = { axis: { i: 3 } };
  const cosines = writer.node('Concat', [cos.name, cos.name], axis);
  const sines = writer.node('Concat', [writer.node('Neg', [sin.name]), sin.name], axis);
  const [first, second] = writer.nodeOf('Split', [x.name, writer.ints([pairs, pairs])], axis, 2);
  const halves = writer.node('Concat', [second!, first!], axis);
  const turned = writer.node('Mul', [halves, sines]);
  return writer.node('Add', [writer.node('Mul', [x.name, cosines]), turned]);
}
