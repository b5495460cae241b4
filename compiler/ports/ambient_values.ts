/** Computes what the ambient values of a call are (past, positions, order, which tokens are real) from the inputs of the graph. */

import { add, atom, constant, type Dim, size, sub } from '../../spec/dim.ts';
import { words } from '../../spec/op.ts';
import type { Ambient, Origin } from '../../spec/sink.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { Builder } from '../graph/builder.ts';
import type { GraphInput, NodeId } from '../graph/ir.ts';
import type { Replace } from '../graph/substitute.ts';
import type { CacheForm } from './manifest.ts';

const [B, T] = [atom('B'), atom('T')];

/** The sizes of a call that depend on the form of the cache: `past` tokens, and `columns` with those of the call itself. */
export interface CallForm {
  readonly cache: CacheForm;
  readonly past: Dim;
  readonly columns: Dim;
  /** Whether the graph takes a mask of real tokens, and positions. */
  readonly padded: boolean;
  /** Whether caches that keep all tokens have an output of the call's own rows, besides that of all. */
  readonly newRows: boolean;
  readonly replace: Replace;
}

export interface AskedForm {
  readonly cache: CacheForm;
  /** Slots of a static cache; the symbol `S` when left out. */
  readonly slots?: number;
  /** A model without a cache takes a mask and positions all the same. */
  readonly padded?: boolean;
  readonly newRows?: boolean;
}

export function callForm({ cache, slots, padded = cache !== 'none', newRows = false }: AskedForm): CallForm {
  const all = slots === undefined ? atom('S') : size(slots);
  const past = { none: size(0), dynamic: atom('P'), static: sub(all, T) }[cache];
  const replace = (name: string): Dim | undefined => (name === 'P' && cache !== 'dynamic' ? past : undefined);
  return { cache, past, columns: add(past, T), padded, newRows, replace };
}

const int64 = (...shape: readonly Dim[]): TensorType<GraphDType> => ({ dtype: 'int64', shape });

/** Inputs of the graph besides the model's own and those of its ports. */
export function maskAndPositionInputs({ cache, columns, padded }: CallForm): readonly GraphInput[] {
  if (!padded) return [];
  const inputs = [
    { name: 'attention_mask', type: int64(B, columns) },
    { name: 'position_ids', type: int64(B, T) },
  ];
  return cache !== 'static' ? inputs : [...inputs, { name: 'past_length', type: int64(size(1)) }];
}

/** Nodes computed from those inputs, each made when it is first asked for. */
export interface AmbientValues {
  ambient(name: Ambient): NodeId;
  /** bool [B, T]: which of the call's own tokens are real; undefined where there is no padding. */
  ownReal(): NodeId | undefined;
}

export function ambientValues(b: Builder, form: CallForm, at: readonly Origin[]): AmbientValues {
  const e = b.emit(at);
  const w = words(e);
  const whole = (value: number): NodeId => e.make('scalar', [], { value, dtype: 'int64' });
  const stretch = (x: NodeId, shape: readonly Dim[]): NodeId => e.make('broadcast', [x], { shape });
  const iota = (n: Dim): NodeId => e.make('iota', [], { size: n });
  const input = (name: string): NodeId => {
    const { type } = maskAndPositionInputs(form).find((i) => i.name === name)!;
    return b.leaf('input', [], { name }, type, at);
  };
  const past = (): NodeId => {
    if (form.cache === 'static') return w.reshape(input('past_length'), []);
    return form.cache === 'none' ? whole(0) : e.make('size', [], { dim: form.past });
  };
  /** The T columns of the call itself, out of int64 [B, P + T]. */
  const own = (x: NodeId): NodeId => {
    if (form.cache !== 'static') return w.slice(x, 1, form.past, form.columns);
    return e.make('take_along', [x, stretch(w.add(iota(T), past()), [B, T])], {});
  };
  const real = (): NodeId => {
    if (!form.padded) {
      return stretch(e.make('scalar', [], { value: 1, dtype: 'bool' }), [B, form.columns]);
    }
    const marked = w.cast(input('attention_mask'), 'bool');
    if (form.cache !== 'static') return marked;
    return w.and(marked, w.lt(iota(form.columns), w.add(past(), e.make('size', [], { dim: T }))));
  };
  const keyOrder = (): NodeId => {
    if (!form.padded) return stretch(iota(T), [B, T]);
    return w.sub(e.make('cumsum', [w.cast(real(), 'int64')], { axis: 1 }), whole(1));
  };
  const order = (): NodeId => (form.padded ? own(keyOrder()) : keyOrder());
  const made: Readonly<Record<Ambient, () => NodeId>> = {
    past,
    real,
    key_order: keyOrder,
    order,
    positions: () => (form.padded ? input('position_ids') : order()),
  };
  return {
    ambient: (name) => made[name](),
    ownReal: () => (form.padded ? w.cast(own(input('attention_mask')), 'bool') : undefined),
  };
}

/** True for a token's ids: int64 [B, T]. */
export const isTokens = ({ dtype, shape }: TensorType<GraphDType>): boolean =>
  dtype === 'int64' && shape.length === 2 && shape.every((d) => constant(d) === undefined);
