/** A two-layer transformer by hand, as the elaborator builds one: grouped heads, a window, rotation, a smear of the last token. */

import type { Graph, NodeId } from '../../compiler/graph/ir.ts';
import { add, size } from '../../spec/dim.ts';
import { B, dims, P, sketch, T, typed } from './tiny_graph.ts';

export interface TinyGpt {
  /** Keys seen, the token's own included; null sees all. */
  readonly window?: number | null;
  readonly layers?: number;
  readonly vocab?: number;
  /** Numbers of one head; the width is twice that. */
  readonly head?: number;
  /** Mixes the embedding of the token before. */
  readonly smear?: boolean;
}

type Sketch = ReturnType<typeof sketch>;

/** bool [B, 1, T, P + T]: which keys a token sees. */
export function visible(s: Sketch, window: number | null): NodeId {
  const { w } = s;
  const order = w.reshape(s.ambient('order'), dims([B, 1, T, 1]));
  const keys = w.reshape(s.ambient('key_order'), dims([B, 1, 1, add(P, T)]));
  const real = w.reshape(s.ambient('real'), dims([B, 1, 1, add(P, T)]));
  const seen = w.and(real, w.le(keys, order));
  return window === null ? seen : w.and(seen, w.lt(w.sub(order, keys), w.scalar(window, order)));
}

function attend(s: Sketch, x: NodeId, name: string, head: number, window: number | null): NodeId {
  const { w } = s;
  const width = 2 * head;
  const freqs = Array.from({ length: head / 2 }, (_, j) => Math.fround(1 / 100 ** ((2 * j) / head)));
  const table = (part: 'cos' | 'sin'): NodeId =>
    s.op('rotary_table', [s.ambient('positions')], { part, freqs, magnitude: 1, rounded: null, length: 64 });
  const project = (key: string, n: number): NodeId =>
    s.op('linear', [x, s.param(`${name}.${key}`, [n, width])]);
  const turn = (y: NodeId): NodeId => s.op('rotary', [y, table('cos'), table('sin')], { pairing: 'halves' });
  const q = turn(w.reshape(project('q', width), dims([B, T, 2, head])));
  const k = s.cache(turn(w.reshape(project('k', head), dims([B, T, 1, head]))), `${name}.k`);
  const v = s.cache(w.reshape(project('v', head), dims([B, T, 1, head])), `${name}.v`);
  const heads = [q, k, v].map((y) => w.transpose(y, [0, 2, 1, 3]));
  const attrs = {
    scale: head ** -0.5,
    softcap: null,
    window,
    mask: true,
    bias: false,
    sinks: false,
    plain: true,
  };
  const mixed = w.transpose(s.op('attention', [...heads, visible(s, window)], attrs), [0, 2, 1, 3]);
  return s.op('linear', [w.reshape(mixed, dims([B, T, width])), s.param(`${name}.o`, [width, width])]);
}

export function tinyGpt(options: TinyGpt = {}): Graph {
  const { window = null, layers = 2, vocab = 11, head = 4, smear = true } = options;
  const s = sketch('tiny');
  const { w } = s;
  const width = 2 * head;
  const tokens = s.input('tokens', typed('int64', B, T));
  s.in('wte');
  let x = s.op('gather', [s.param('wte', [vocab, width]), tokens]);
  s.in('');
  if (smear) {
    const kept = s.cache(x, 'x', { last: 1 });
    x = w.add(x, w.mul(w.scalar(0.5, x), s.delay(kept, 1, 1)));
  }
  for (let i = 0; i < layers; i++) {
    s.in(`h.${i}.attn`);
    x = w.add(x, attend(s, s.op('rms_norm', [x], { eps: 1e-6 }), `h.${i}.attn`, head, window));
    s.in(`h.${i}.mlp`);
    const up = s.op('linear', [
      s.op('rms_norm', [x], { eps: 1e-6 }),
      s.param(`h.${i}.up`, [2 * width, width]),
    ]);
    x = w.add(x, s.op('linear', [s.op('silu', [up]), s.param(`h.${i}.down`, [width, 2 * width])]));
  }
  s.in('');
  const logits = s.op('linear', [s.op('rms_norm', [x], { eps: 1e-6 }), s.param('lm_head', [vocab, width])]);
  const capped = w.mul(w.scalar(15, logits), w.tanh(w.div(logits, w.scalar(15, logits))));
  s.output('logits', w.slice(capped, 2, size(0), size(vocab - 1)));
  return s.finish();
}
