/** A composite on values of all experts: the op itself where it means its steps on all of them, else those steps. */

import { Bug } from '../../spec/diagnostic.ts';
import { size } from '../../spec/dim.ts';
import { largest } from '../../spec/long_list.ts';
import type { Attrs, Emit, Op } from '../../spec/op.ts';
import { type Composite, opOf } from '../../spec/ops/index.ts';
import { NotUniform } from '../../spec/sink.ts';
import { type GraphValue, nodeOf } from '../graph/body_value.ts';
import { newBuilder } from '../graph/builder.ts';
import { meantOn, operand } from '../graph/meaning.ts';
import { graphItself } from './enclosing.ts';
import { aligned, anyNodeOf, bodyShape, type Lift, type Lifted, make, type Site, wholeOf } from './lifted.ts';

/** `lift` is what is done to each primitive. */
export function liftComposite(
  lift: Lift,
  site: Site,
  inputs: readonly Lifted[],
  attrs: Attrs,
  name: string,
): Lifted | string {
  const op = opOf(name as Composite); // as the caller has seen
  try {
    return liftWhole(lift, site, op, inputs, attrs) ?? op.decompose(emitLifted(lift, site), inputs, attrs);
  } catch (cause) {
    if (cause instanceof NotUniform) return cause.message;
    throw cause;
  }
}

/** Each step is lifted as it is made. */
const emitLifted = (lift: Lift, site: Site): Emit<Lifted> => ({
  make(op, inputs, attrs) {
    const made = lift(site, inputs, attrs as Attrs, op);
    if (typeof made === 'string') throw new NotUniform(`its ${op}: ${made}`);
    return made;
  },
  typeOf: (value) => ({
    dtype: site.enclosing.typeOf(anyNodeOf(value)).dtype,
    shape: bodyShape(site, value),
  }),
});

/** Tried on operands of the same types, in a graph that nobody keeps. */
function liftWhole(
  lift: Lift,
  site: Site,
  op: Op,
  inputs: readonly Lifted[],
  attrs: Attrs,
): Lifted | undefined {
  const builder = newBuilder();
  const known = new Map<GraphValue, GraphValue>();
  const same = (value: GraphValue): GraphValue => {
    const scalar = site.enclosing.scalar(value);
    const made =
      known.get(value) ??
      (scalar
        ? builder.op('scalar', [], scalar, [])
        : operand(builder, String(known.size), site.enclosing.typeOf(value)));
    known.set(value, made);
    return made;
  };
  const scratch: Site = { enclosing: graphItself(builder), origins: [], choice: same(site.choice) };
  const tried = inputs.map((x): Lifted => {
    if (x.kind !== 'stack') return { ...x, node: same(x.node) };
    if ('whole' in x) return { ...x, whole: same(x.whole) };
    const { parts, ...stack } = x;
    const { dtype, shape } = site.enclosing.typeOf(parts[0]!);
    const type = { dtype, shape: [size(parts.length), ...shape] };
    return {
      ...stack,
      whole: operand(builder, parts.map((part) => String(nodeOf(same(part)))).join(), type),
    };
  });
  const rank = largest(inputs.map((x) => bodyShape(site, x).length));
  const found = aligned(scratch, tried, rank);
  if (typeof found === 'string') return undefined;
  const stepwise = op.decompose(emitLifted(lift, scratch), tried, attrs);
  if (stepwise.kind === 'plain') throw new Bug(`${op.name} of each expert's values is the same for all`);
  const wanted = stepwise.kind === 'stack' ? wholeOf(scratch, stepwise) : stepwise.node;
  if (meantOn(builder, op, found.nodes.map(nodeOf), attrs) !== wanted) return undefined;
  const { nodes } = aligned(site, inputs, rank) as Exclude<ReturnType<typeof aligned>, string>; // as it was when tried
  const node = make(site, op.name, nodes, attrs);
  return stepwise.kind === 'stack' ? { kind: 'stack', whole: node } : { ...stepwise, node };
}
