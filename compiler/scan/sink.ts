/** Takes the step of a scan: what looks at the token or a state goes into its body, everything else stays outside. */

import type { Attrs } from '../../spec/op.ts';
import type { Origin, ScanRequest, ScanSink, Sink } from '../../spec/sink.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { type Builder, newBuilder } from '../graph/builder.ts';
import type { GraphInput, NodeId } from '../graph/ir.ts';
import { bodyFrom, makeScan } from '../graph/scan_body.ts';

/** Values of the body are numbers below zero, so that they are never taken for nodes outside. */
export function scanSink(
  outside: Sink<NodeId>,
  builder: Builder,
  { states, sequences, at }: ScanRequest<NodeId>,
): ScanSink<NodeId> {
  const body = newBuilder();
  const inputs: GraphInput[] = [];
  const captured: NodeId[] = [];
  const input = (name: string, type: TensorType<GraphDType>): NodeId => {
    inputs.push({ name, type });
    return body.leaf('input', [], { name }, type, [at]);
  };
  const out = (inner: NodeId): NodeId => -1 - inner;
  const carried = states.map(({ type }, i) => input(`state.${i}`, type));
  const elements = sequences.map((id, i) => {
    const { dtype, shape } = builder.node(id).type;
    return input(`element.${i}`, { dtype, shape: [shape[0]!, ...shape.slice(2)] });
  });

  /** Numbers are written again, so that what is computed with them is recognised. */
  const capture = (id: NodeId, from: Origin): NodeId => {
    const { op, attrs, type } = builder.node(id);
    if (op === 'scalar') return body.op('scalar', [], attrs, [from]);
    const known = captured.indexOf(id);
    if (known >= 0) return body.leaf('input', [], { name: `outside.${known}` }, type, [at]);
    return input(`outside.${captured.push(id) - 1}`, type);
  };
  const within = (id: NodeId, from: Origin): NodeId => (id < 0 ? -1 - id : capture(id, from));

  return {
    states: carried.map(out),
    elements: elements.map(out),
    param: (decl, from) => outside.param(decl, from),
    op(name: string, values: readonly NodeId[], attrs: Attrs, from: Origin) {
      if (values.every((id) => id >= 0)) return outside.op(name, values, attrs, from);
      return out(
        body.op(
          name,
          values.map((id) => within(id, from)),
          attrs,
          [from],
        ),
      );
    },
    finish(after, results) {
      const ends = [...after, ...results].map((id, i) => ({ name: `next.${i}`, node: within(id, at) }));
      const graph = body.finish({ name: 'step', inputs, outputs: ends, caches: new Map(), ports: [] });
      const starts = states.map(({ name, type }) => builder.leaf('state', [], { port: name }, type, [at]));
      const scan = { body: bodyFrom(graph), states: states.length, sequences: sequences.length };
      return makeScan(builder, scan, [...starts, ...sequences, ...captured], [at]).slice(0, results.length);
    },
  };
}
