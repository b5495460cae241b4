/**
 * Takes the body of one expert and writes it for all at once: each value of a token gets one more axis, its K choices, so that
 * [B, T, s...] becomes [B, T, K, s...]; what depends on the expert alone is kept for all experts, [E, s...].
 */

import { constant, size } from '../../spec/dim.ts';
import { words } from '../../spec/op.ts';
import {
  type ExpertsRequest,
  type ExpertsSink,
  NotUniform,
  type Origin,
  type Sink,
} from '../../spec/sink.ts';
import { bodyValues, type GraphValue, isBodyValue, nodeOf } from '../graph/body_value.ts';
import type { Builder } from '../graph/builder.ts';
import type { NodeId } from '../graph/ir.ts';
import { liftOf } from './lift.ts';
import type { Lifted } from './lifted.ts';
import { mostShares } from './most_shares.ts';

export function expertsSink(
  outside: Sink<GraphValue>,
  builder: Builder,
  request: ExpertsRequest<GraphValue>,
): ExpertsSink<GraphValue> {
  const { count, shares, place } = request;
  const { recorded, contentOf } = bodyValues<Lifted>();
  const lifted = (value: GraphValue): Lifted =>
    isBodyValue(value) ? contentOf(value) : { kind: 'plain', node: value };
  let choices: Choices | undefined;
  const chosen = (at: Origin): Choices => {
    choices ??= chosenExperts(builder, request, at);
    return choices;
  };
  return {
    param: (decl, at) => outside.param(decl, at),
    ambient: (name, at) => outside.ambient(name, at),
    op(name, inputs, attrs, from) {
      const at = place(from);
      if (!inputs.some(isBodyValue)) return outside.op(name, inputs, attrs, at);
      const { choice } = chosen(at);
      const result = liftOf({ builder, origins: [at], choice }, inputs.map(lifted), attrs, name);
      if (typeof result === 'string') throw new NotUniform(`\`${name}\`: ${result}`);
      return recorded(result);
    },
    own: (parameters) => recorded({ kind: 'stack', parts: parameters.map(nodeOf) }),
    entry(x, axis, from) {
      const at = place(from);
      if (x === shares && axis === 2)
        return recorded({ kind: 'each', node: shareOf(builder, chosen(at), at), unchosen: 0 });
      if (isBodyValue(x) || axis !== 0 || builder.node(x).type.shape.some((d) => constant(d) === undefined))
        throw new NotUniform('a term reads its own place of a tensor that is no share');
      return recorded({ kind: 'stack', whole: x, first: true });
    },
    total(term, at) {
      const value = lifted(term);
      if (value.kind !== 'each' || (chosen(at).perToken < count && value.unchosen !== 0)) return undefined;
      const { shape } = builder.node(value.node).type;
      const w = words(builder.emit([place(at)]));
      return w.reshape(w.sum(value.node, 2), shape.toSpliced(2, 1)); // [B, T, s...]
    },
  };
}

interface Choices {
  readonly shares: NodeId;
  /** int64 [B, T, K]: the experts of each token. */
  readonly choice: NodeId;
  /** K */
  readonly perToken: number;
}

/** Every expert whose share can be other than zero is among the K of the largest shares. */
function chosenExperts(
  builder: Builder,
  { shares, count, dense }: ExpertsRequest<GraphValue>,
  at: Origin,
): Choices {
  // Shares that the body itself computes are none of this graph's nodes.
  if (typeof shares !== 'number') throw new NotUniform('its shares are computed by the experts');
  const { shape } = builder.node(shares).type;
  const chosenCount = dense ? count : Math.min(count, mostShares(builder, shares) ?? count);
  const w = words(builder.emit([at]));
  const e = builder.emit([at]);
  if (chosenCount < count)
    return { shares, choice: e.make('argtop', [w.abs(shares)], { k: chosenCount }), perToken: chosenCount };
  const every = e.make('iota', [], { size: size(count) });
  return { shares, choice: e.make('broadcast', [every], { shape }), perToken: chosenCount };
}

/** [B, T, K, 1] */
function shareOf(builder: Builder, { shares, choice }: Choices, at: Origin): NodeId {
  const picked = builder.op('pick', [shares, choice], {}, [at]);
  const { shape } = builder.node(picked).type;
  return words(builder.emit([at])).reshape(picked, [...shape, size(1)]);
}
