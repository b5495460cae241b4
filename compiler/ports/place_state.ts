/**
 * Turns a cache of the last n tokens into a graph input and output, and a delay into the choice of a column.
 *
 * The state's n columns and the call's T stand side by side. Padding may lie anywhere in the call, so a token's neighbour is found
 * by rank: the state's columns have the ranks 0 to n - 1, real tokens go on from there, a pad has the rank of the token before it.
 */

import { add, type Dim, size, sub } from '../../spec/dim.ts';
import { words } from '../../spec/op.ts';
import type { PortDecl } from '../../spec/sink.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import type { NodeId } from '../graph/ir.ts';
import type { Placed, PlacingContext } from './place_port.ts';
import type { PortNames } from './port_names.ts';

type Type = TensorType<GraphDType>;

export function placeLast(x: NodeId, decl: PortDecl, names: PortNames, place: PlacingContext): Placed {
  const { builder, form, at } = place;
  const e = builder.emit(at);
  const w = words(e);
  const last = decl.last ?? 0;
  const { dtype, shape } = builder.node(x).type;
  const type = { dtype, shape: [shape[0]!, size(last), ...shape.slice(2)] };
  const value = w.concat([startOf(type, decl.fill, names, place), x], 1);
  if (form.cache === 'none') return { value };
  const rank = realRanks(last, shape, place);
  const columns = add(size(last), shape[1]!);
  const newest = w.slice(rank, 1, sub(columns, size(1)), columns);
  const steps = w.sub(e.make('iota', [], { size: size(last) }), int64Scalar(last - 1, place));
  const node = e.make('take_along', [value, firstColumnOf(w.add(newest, steps), rank, place)], {});
  return { value, port: { decl, rule: 'replace', ...names, type, fill: decl.fill, node } };
}

/** The state before the call: the input of the port, or its fill for a model without a cache. */
export function startOf(
  type: Type,
  fill: number,
  names: PortNames,
  { builder, form, at }: PlacingContext,
): NodeId {
  if (form.cache !== 'none') return builder.leaf('input', [], { name: names.input }, type, at);
  const e = builder.emit(at);
  const value = e.make('scalar', [], { value: fill, dtype: type.dtype });
  return e.make('broadcast', [value], { shape: type.shape });
}

/** [B, n + T, s...] -> [B, T, s...]: what stands `back` real tokens before each; unspecified at pads. */
export function placeDelay(x: NodeId, last: number, back: number, place: PlacingContext): NodeId {
  const { builder, form, at } = place;
  const e = builder.emit(at);
  const w = words(e);
  const { shape } = builder.node(x).type;
  const columns = shape[1]!;
  if (!form.padded || back === 0) {
    return w.slice(x, 1, size(last - back), sub(columns, size(back)));
  }
  const rank = realRanks(last, [shape[0]!, sub(columns, size(last))], place);
  const wanted = w.sub(w.slice(rank, 1, size(last), columns), int64Scalar(back, place));
  return e.make('take_along', [x, firstColumnOf(wanted, rank, place)], {});
}

const int64Scalar = (value: number, { builder, at }: PlacingContext): NodeId =>
  builder.emit(at).make('scalar', [], { value, dtype: 'int64' });

/** Ranks of the columns among the real tokens, as above: int64 [B, last + T]. */
function realRanks(last: number, [batch, length]: readonly Dim[], place: PlacingContext): NodeId {
  const { builder, ambients: around, at } = place;
  const e = builder.emit(at);
  const w = words(e);
  const state = e.make('broadcast', [int64Scalar(1, place)], { shape: [batch!, size(last)] });
  const call = around.ownReal() ?? e.make('broadcast', [int64Scalar(1, place)], { shape: [batch!, length!] });
  const seen = e.make('cumsum', [w.concat([state, w.cast(call, 'int64')], 1)], { axis: 1 });
  return w.sub(seen, int64Scalar(1, place));
}

/** The first column that has each wanted rank, [B, M]. Ranks never fall along a row, so it is the number of lower ranks. */
function firstColumnOf(wanted: NodeId, rank: NodeId, { builder, at }: PlacingContext): NodeId {
  const w = words(builder.emit(at));
  const [batch, columns] = builder.node(rank).type.shape;
  const { shape } = builder.node(wanted).type;
  const lower = w.lt(
    w.reshape(rank, [batch!, size(1), columns!]),
    w.reshape(wanted, [...shape, size(1)]), // [B, M, 1]
  );
  return w.reshape(w.sum(w.cast(lower, 'int64'), 2), shape);
}
