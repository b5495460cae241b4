/** From a syntax tree to a graph, in the walk that checks it. */

import type { File } from '../spec/ast.ts';

import { add, atom, type Dim, size } from '../spec/dim.ts';
import { elaborate } from '../spec/elaborate/elaborate.ts';
import type { Checked, ElaborationOptions } from '../spec/program.ts';
import type { Ambient, PortDecl, Sink } from '../spec/sink.ts';
import type { GraphDType, TensorType } from '../spec/type.ts';
import { graphItself } from './experts/enclosing.ts';
import { expertsSink } from './experts/sink.ts';
import { type GraphValue, nodeOf } from './graph/body_value.ts';
import { type Builder, dropDead, newBuilder } from './graph/builder.ts';
import type { Graph, GraphInput, GraphOutput, NodeId } from './graph/ir.ts';
import { lazyBuilder } from './graph/lazy_builder.ts';
import { scanSink } from './scan/sink.ts';

export interface Built extends Checked {
  readonly graph?: Graph;
}

export function build(file: File, options: ElaborationOptions): Built {
  const builder = newBuilder();
  const inputs: GraphInput[] = [];
  const outputs: GraphOutput[] = [];
  const caches = new Map<string, PortDecl>();
  const sink = graphSink(builder, inputs, outputs, caches, options.compute ?? 'float32');
  const { program, diagnostics } = elaborate(file, options, sink);
  if (!program) return { diagnostics };
  const graph = builder.finish({ name: program.model, inputs, outputs, caches, ports: [] });
  return { program, graph: dropDead(graph), diagnostics };
}

/** The same without a graph: what is said of a mixture of experts is found by building its body. */
export function check(file: File, options: ElaborationOptions): Checked {
  const sink = graphSink(lazyBuilder(), [], [], new Map(), options.compute ?? 'float32');
  return elaborate(file, options, { ...sink, output: () => {} });
}

function graphSink(
  builder: Builder,
  inputs: GraphInput[],
  outputs: GraphOutput[],
  caches: Map<string, PortDecl>,
  compute: GraphDType,
): Sink<GraphValue> {
  const sink: Sink<GraphValue> = {
    input(name, type, at) {
      inputs.push({ name, type });
      return builder.leaf('input', [], { name }, type, [at]);
    },
    param({ key, shape, dtype }, at) {
      const type = typeOfParam(shape, dtype === 'float' ? compute : dtype);
      return builder.leaf('param', [], { name: key }, type, [at]);
    },
    op: (name, values, attrs, at) => builder.op(name, values.map(nodeOf), attrs, [at]),
    cache(value, port, at) {
      const x = nodeOf(value);
      caches.set(port.name, port);
      return builder.leaf('cache', [x], { port: port.name }, withPast(port.type, port), [at]);
    },
    delay(value, { last, back }, at) {
      const x = nodeOf(value);
      const { dtype, shape } = builder.node(x).type;
      const type = { dtype, shape: [shape[0]!, tokens, ...shape.slice(2)] };
      return builder.leaf('delay', [x], { last, back }, type, [at]);
    },
    ambient: (name, at) => builder.leaf('ambient', [], { name }, ambientTypes[name], [at]),
    output(name, value) {
      outputs.push({ name, node: asFloat32(builder, nodeOf(value)) });
    },
    experts: (request) => expertsSink(sink, graphItself(builder), request),
    scan(request) {
      for (const port of request.states) caches.set(port.name, port);
      return scanSink(sink, builder, request);
    },
  };
  return sink;
}

const paramTypes = new WeakMap<readonly number[], TensorType<GraphDType>>();

/** Entries that are made alike share their shape, and so their type. */
function typeOfParam(shape: readonly number[], dtype: GraphDType): TensorType<GraphDType> {
  const known = paramTypes.get(shape);
  if (known?.dtype === dtype) return known;
  const type = { dtype, shape: shape.map(size) };
  paramTypes.set(shape, type);
  return type;
}

/** Outputs are float32, whatever dtype the model computes in. */
function asFloat32(builder: Builder, node: NodeId): NodeId {
  const { dtype } = builder.node(node).type;
  if (dtype !== 'float16' && dtype !== 'bfloat16') return node;
  return builder.op('cast', [node], { dtype: 'float32' }, builder.originsOf(node));
}

const [batch, tokens, past] = ['B', 'T', 'P'].map(atom) as [Dim, Dim, Dim]; // three names, three sizes

/** [B, T, s...] with the tokens before it: all P of them, or the last n. */
function withPast({ dtype, shape }: TensorType<GraphDType>, { last }: PortDecl): TensorType<GraphDType> {
  const before = last === undefined ? past : size(last);
  return { dtype, shape: [shape[0]!, add(before, shape[1]!), ...shape.slice(2)] };
}

const ambientTypes: Readonly<Record<Ambient, TensorType<GraphDType>>> = {
  past: { dtype: 'int64', shape: [] },
  positions: { dtype: 'int64', shape: [batch, tokens] },
  order: { dtype: 'int64', shape: [batch, tokens] },
  key_order: { dtype: 'int64', shape: [batch, add(past, tokens)] },
  real: { dtype: 'bool', shape: [batch, add(past, tokens)] },
};
