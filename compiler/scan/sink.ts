/** Records the step of a scan: ops that read a token or a state go into its body, all others into the graph outside. */

import type { Attrs } from '../../spec/op.ts';
import type { Origin, ScanRequest, ScanSink, Sink } from '../../spec/sink.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { bodyValues, type GraphValue, isBodyValue, nodeOf } from '../graph/body_value.ts';
import { type Builder, newBuilder } from '../graph/builder.ts';
import type { GraphInput, NodeId } from '../graph/ir.ts';
import { bodyFrom, makeScan } from '../graph/scan_body.ts';

export function scanSink(
  outside: Sink<GraphValue>,
  builder: Builder,
  { states, sequences: walked, at }: ScanRequest<GraphValue>,
): ScanSink<GraphValue> {
  const sequences = walked.map(nodeOf);
  const body = newBuilder();
  const { recorded, contentOf } = bodyValues<NodeId>();
  const inputs: GraphInput[] = [];
  const captured: NodeId[] = [];
  const input = (name: string, type: TensorType<GraphDType>): NodeId => {
    inputs.push({ name, type });
    return body.leaf('input', [], { name }, type, [at]);
  };
  const carried = states.map(({ type }, i) => input(`state.${i}`, type));
  const elements = sequences.map((id, i) => {
    const { dtype, shape } = builder.node(id).type;
    return input(`element.${i}`, { dtype, shape: [shape[0]!, ...shape.slice(2)] });
  });

  /** Brings a value from outside in as an input; a number is written again, so that passes see it inside the body too. */
  const capture = (id: NodeId, from: Origin): NodeId => {
    const { op, attrs, type } = builder.node(id);
    if (op === 'scalar') return body.op('scalar', [], attrs, [from]);
    const known = captured.indexOf(id);
    if (known >= 0) return body.leaf('input', [], { name: `outside.${known}` }, type, [at]);
    return input(`outside.${captured.push(id) - 1}`, type);
  };
  const within = (value: GraphValue, from: Origin): NodeId =>
    isBodyValue(value) ? contentOf(value) : capture(value, from);

  return {
    states: carried.map(recorded),
    elements: elements.map(recorded),
    param: (decl, from) => outside.param(decl, from),
    op(name: string, values: readonly GraphValue[], attrs: Attrs, from: Origin) {
      if (!values.some(isBodyValue)) return outside.op(name, values, attrs, from);
      const inputs = values.map((value) => within(value, from));
      return recorded(body.op(name, inputs, attrs, [from]));
    },
    finish(after, results) {
      const ends = [...after, ...results].map((value, i) => ({
        name: `next.${i}`,
        node: within(value, at),
      }));
      const graph = body.finish({ name: 'step', inputs, outputs: ends, caches: new Map(), ports: [] });
      const starts = states.map(({ name, type }) => builder.leaf('state', [], { port: name }, type, [at]));
      const scan = { body: bodyFrom(graph), states: states.length, sequences: sequences.length };
      return makeScan(builder, scan, [...starts, ...sequences, ...captured], [at]).slice(0, results.length);
    },
  };
}
