/**
 * Takes the body of one expert and writes it for all at once: each value of a token gets one more axis, its K choices, so that
 * [B, T, s...] becomes [B, T, K, s...]; what depends on the expert alone is kept for all experts, [E, s...].
 */

import { constant, size } from '../../spec/dim.ts';
import {
  type ExpertsRequest,
  type ExpertsSink,
  NotUniform,
  type Origin,
  type Sink,
} from '../../spec/sink.ts';
import { type BodyValues, bodyValues, type GraphValue } from '../graph/body_value.ts';
import type { Enclosing } from './enclosing.ts';
import { liftOf } from './lift.ts';
import {
  type Around,
  anyNodeOf,
  bodyShape,
  isRuntimeSize,
  type Lifted,
  make,
  reshape,
  type Site,
  shapeOf,
  wholeOf,
  wordsOn,
} from './lifted.ts';

/** `outside` is what ops of the enclosing are written to. */
export function expertsSink(
  outside: Pick<Sink<GraphValue>, 'op' | 'param' | 'ambient'>,
  enclosing: Enclosing,
  request: ExpertsRequest<GraphValue>,
): ExpertsSink<GraphValue> {
  const { count, shares, place } = request;
  const values = bodyValues<Lifted>();
  const { recorded, contentOf, holds } = values;
  const lifted = (value: GraphValue): Lifted =>
    holds(value) ? contentOf(value) : { kind: 'plain', node: value };
  const around = (at: Origin): Around => ({ enclosing, origins: [at] });
  let choices: Choices | undefined;
  const chosen = (at: Origin): Choices => {
    choices ??= chosenExperts(around(at), request);
    return choices;
  };
  const siteAt = (at: Origin): Site => ({ ...around(at), choice: chosen(at).choice });
  const op: ExpertsSink<GraphValue>['op'] = (name, inputs, attrs, from) => {
    const at = place(from);
    if (!inputs.some(holds)) return outside.op(name, inputs, attrs, at);
    const result = liftOf(siteAt(at), inputs.map(lifted), attrs, name);
    if (typeof result === 'string') throw new NotUniform(`\`${name}\`: ${result}`);
    return recorded(result);
  };
  const body = bodyWithin(enclosing, values, op);
  const sink: ExpertsSink<GraphValue> = {
    param: (decl, at) => outside.param(decl, at),
    ambient: (name, at) => outside.ambient(name, at),
    op,
    experts: (inner) => expertsSink(sink, body, inner),
    own: (parts) => recorded({ kind: 'stack', parts }),
    entry(x, axis, from) {
      const at = place(from);
      if (x === shares && axis === 2)
        return recorded({ kind: 'each', node: shareOf(around(at), chosen(at)), unchosen: 0 });
      if (!enclosing.holds(x) || enclosing.typeOf(x).shape.some(isRuntimeSize))
        throw new NotUniform('a term reads its own place of a tensor that is no share');
      return recorded(placesAlong(around(at), x, axis));
    },
    through(x, axis, take, from) {
      if (!holds(x)) return take(x, axis);
      const content = contentOf(x);
      if (content.kind !== 'stack') throw new NotUniform('a term reads a place of a tensor that it computes');
      return recorded({ kind: 'stack', whole: take(wholeOf(siteAt(place(from)), content), axis + 1) });
    },
    total(term, from) {
      const at = place(from);
      const value = lifted(term);
      if (value.kind !== 'each' || (chosen(at).perToken < count && value.unchosen !== 0)) return undefined;
      const { sum } = wordsOn(around(at));
      return reshape(around(at), sum(value.node, 2), shapeOf(around(at), value.node).toSpliced(2, 1)); // [B, T, s...]
    },
  };
  return sink;
}

/** The body as what is around a mixture within it. */
function bodyWithin(
  enclosing: Enclosing,
  { holds, contentOf }: BodyValues<Lifted>,
  op: ExpertsSink<GraphValue>['op'],
): Enclosing {
  return {
    op: (name, inputs, attrs, [at]) => op(name, inputs, attrs, at!), // made at a place of the text
    typeOf(value) {
      if (!holds(value)) return enclosing.typeOf(value);
      const content = contentOf(value);
      const { dtype } = enclosing.typeOf(anyNodeOf(content));
      return { dtype, shape: bodyShape({ enclosing }, content) };
    },
    holds: (value) => holds(value) || enclosing.holds(value),
    scalar: (value) => (holds(value) ? undefined : enclosing.scalar(value)),
    mostShares(value) {
      if (!holds(value)) return enclosing.mostShares(value);
      const content = contentOf(value);
      return content.kind === 'stack' ? undefined : enclosing.mostShares(content.node);
    },
  };
}

interface Choices {
  readonly shares: GraphValue;
  /** int64 [B, T, K]: the experts of each token. */
  readonly choice: GraphValue;
  /** K */
  readonly perToken: number;
}

/** Every expert whose share can be other than zero is among the K of the largest shares. */
function chosenExperts(around: Around, { shares, count, dense }: ExpertsRequest<GraphValue>): Choices {
  const { enclosing } = around;
  if (!enclosing.holds(shares)) throw new NotUniform('its shares are computed by the experts');
  const chosenCount = dense ? count : Math.min(count, enclosing.mostShares(shares) ?? count);
  const chosen = (choice: GraphValue): Choices => ({ shares, choice, perToken: chosenCount });
  if (chosenCount < count)
    return chosen(make(around, 'argtop', [wordsOn(around).abs(shares)], { k: chosenCount }));
  const every = make(around, 'iota', [], { size: size(count) });
  return chosen(make(around, 'broadcast', [every], { shape: shapeOf(around, shares) }));
}

/** [B, T, K, 1] */
function shareOf(around: Around, { shares, choice }: Choices): GraphValue {
  const picked = make(around, 'pick', [shares, choice]);
  return reshape(around, picked, [...shapeOf(around, picked), size(1)]);
}

/** The places along an axis, each kept with size 1 there. */
function placesAlong(around: Around, x: GraphValue, axis: number): Lifted {
  if (axis === 0) return { kind: 'stack', whole: x, first: true };
  const shape = shapeOf(around, x);
  const perm = [axis, ...[...shape.keys()].filter((i) => i !== axis)];
  const before = shape.slice(0, axis).every((d) => constant(d) === 1);
  const first = before ? x : make(around, 'transpose', [x], { perm });
  return { kind: 'stack', whole: reshape(around, first, [shape[axis]!, ...shape.with(axis, size(1))]) };
}
