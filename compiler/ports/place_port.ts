/** Turns a cache that grows into a graph input, the joining of old and new, and a graph output. */

import { type Dim, size } from '../../spec/dim.ts';
import { words } from '../../spec/op.ts';
import type { Origin, PortDecl } from '../../spec/sink.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { Builder } from '../graph/builder.ts';
import type { NodeId, Port, PortRule } from '../graph/ir.ts';
import type { AmbientValues, CallForm } from './ambient_values.ts';
import { newRowsName, type PortNames } from './port_names.ts';

/** A port with the nodes of its outputs. */
export interface PlacedPort extends Port {
  readonly node: NodeId;
  /** The node of the output that `newRows` names. */
  readonly rows?: NodeId;
}

export interface Placed {
  /** What the `cache` node stood for: [B, P + T, s...] or [B, last + T, s...]. */
  readonly value: NodeId;
  /** Undefined for a model without a cache. */
  readonly port?: PlacedPort;
}

export interface PlacingContext {
  readonly builder: Builder;
  readonly form: CallForm;
  readonly ambients: AmbientValues;
  readonly at: readonly Origin[];
}

/** The order of axes in which clients expect [B, N, s...]: heads before tokens, and a single head for a latent. */
interface BoundaryAxes {
  readonly axis: number;
  shape(shape: readonly Dim[]): readonly Dim[];
  /** Brings a value into that order; applied again, it brings the value back. */
  reorder(x: NodeId): NodeId;
}

const headsFirst = [0, 2, 1, 3];

function boundaryAxes(rank: number, { builder, at }: PlacingContext): BoundaryAxes {
  const w = words(builder.emit(at));
  if (rank === 4) {
    return {
      axis: 2,
      shape: (s) => headsFirst.map((i) => s[i]!),
      reorder: (x) => w.transpose(x, headsFirst),
    };
  }
  if (rank !== 3) return { axis: 1, shape: (s) => s, reorder: (x) => x };
  const insert = ([b, n, r]: readonly Dim[]): readonly Dim[] => [b!, size(1), n!, r!];
  return {
    axis: 2,
    shape: insert,
    reorder(x) {
      const { shape } = builder.node(x).type;
      return w.reshape(x, shape.length === 3 ? insert(shape) : [shape[0]!, shape[2]!, shape[3]!]);
    },
  };
}

/** Places a cache that keeps all tokens. */
export function placeGrowing(x: NodeId, decl: PortDecl, names: PortNames, place: PlacingContext): Placed {
  const { builder, form, ambients: around, at } = place;
  if (form.cache === 'none') return { value: x };
  const { dtype, shape } = builder.node(x).type;
  const axes = boundaryAxes(shape.length, place);
  const rows = axes.reorder(x);
  const held = form.cache === 'static' ? form.columns : form.past;
  const type: TensorType<GraphDType> = {
    dtype,
    shape: axes.shape([shape[0]!, held, ...shape.slice(2)]),
  };
  const past = builder.leaf('input', [], { name: names.input }, type, at);
  const joined =
    form.cache === 'static'
      ? builder.op('write', [past, rows, around.ambient('past')], { axis: axes.axis }, at)
      : builder.op('append', [past, rows], { axis: axes.axis }, at);
  const rule: PortRule = form.cache === 'static' ? 'in_place' : 'append';
  const port: PlacedPort = {
    ...{ decl, rule, ...names, type, axis: axes.axis, fill: decl.fill, node: joined },
    ...(form.newRows ? { newRows: newRowsName(names), rows } : {}),
  };
  return { value: axes.reorder(joined), port };
}
