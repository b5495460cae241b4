/** Turns a cache that grows into a graph input, the joining of old and new, and a graph output. */

import { type Dim, size } from '../../spec/dim.ts';
import { words } from '../../spec/op.ts';
import type { Origin, PortDecl } from '../../spec/sink.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { Builder } from '../graph/builder.ts';
import type { NodeId, Port } from '../graph/ir.ts';
import type { PortNames } from './port_names.ts';
import type { Form, Surroundings } from './surroundings.ts';

export interface Placed {
  /** What the `cache` node stood for: [B, P + T, s...] or [B, last + T, s...]. */
  readonly value: NodeId;
  /** With the node of its output; none without a cache. */
  readonly port?: Port & { readonly node: NodeId };
}

export interface Place {
  readonly builder: Builder;
  readonly form: Form;
  readonly around: Surroundings;
  readonly at: readonly Origin[];
}

/** How [B, N, s...] stands at the boundary: heads before tokens, a single head for a latent. */
interface Layout {
  readonly axis: number;
  shape(shape: readonly Dim[]): readonly Dim[];
  /** Its own inverse. */
  turn(x: NodeId): NodeId;
}

const swapped = [0, 2, 1, 3];

function layoutOf(rank: number, { builder, at }: Place): Layout {
  const w = words(builder.emit(at));
  if (rank === 4) {
    return {
      axis: 2,
      shape: (s) => swapped.map((i) => s[i]!),
      turn: (x) => w.transpose(x, swapped),
    };
  }
  if (rank !== 3) return { axis: 1, shape: (s) => s, turn: (x) => x };
  const insert = ([b, n, r]: readonly Dim[]): readonly Dim[] => [b!, size(1), n!, r!];
  return {
    axis: 2,
    shape: insert,
    turn(x) {
      const { shape } = builder.node(x).type;
      return w.reshape(x, shape.length === 3 ? insert(shape) : [shape[0]!, shape[2]!, shape[3]!]);
    },
  };
}

/** A cache that keeps everything. */
export function placeGrowing(x: NodeId, decl: PortDecl, names: PortNames, place: Place): Placed {
  const { builder, form, around, at } = place;
  if (form.cache === 'none') return { value: x };
  const { dtype, shape } = builder.node(x).type;
  const layout = layoutOf(shape.length, place);
  const rows = layout.turn(x);
  const held = form.cache === 'static' ? form.columns : form.past;
  const type: TensorType<GraphDType> = {
    dtype,
    shape: layout.shape([shape[0]!, held, ...shape.slice(2)]),
  };
  const past = builder.leaf('input', [], { name: names.input }, type, at);
  const joined =
    form.cache === 'static'
      ? builder.op('write', [past, rows, around.ambient('past')], { axis: layout.axis }, at)
      : builder.op('append', [past, rows], { axis: layout.axis }, at);
  const rule = form.cache === 'static' ? 'in_place' : 'append';
  const port = { decl, rule, ...names, type, axis: layout.axis, fill: decl.fill, node: joined } as const;
  return { value: layout.turn(joined), port };
}
