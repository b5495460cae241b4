/** Graphs made by hand for the tests of this folder, with weights and feeds of fixed seeds. */

import { type Builder, newBuilder } from '../../compiler/graph/builder.ts';
import type { Graph, GraphInput, NodeId } from '../../compiler/graph/ir.ts';
import { random } from '../../runtime/sample.ts';
import { add, atom, constant, type Dim, size } from '../../spec/dim.ts';
import { type Emit, words } from '../../spec/op.ts';
import type { Ambient, Origin, PortDecl } from '../../spec/sink.ts';
import type { Source } from '../../spec/source.ts';
import { product, type Tensor, tensor } from '../../spec/tensor.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';

export const [B, T, P] = [atom('B'), atom('T'), atom('P')];
const source: Source = { name: 'tiny.nanospec', text: 'x' };

export const dims = (shape: readonly (number | Dim)[]): readonly Dim[] =>
  shape.map((d) => (typeof d === 'number' ? size(d) : d));
export const typed = (dtype: GraphDType, ...shape: (number | Dim)[]): TensorType<GraphDType> => ({
  dtype,
  shape: dims(shape),
});

export const origin = (scope = '', at = 0, via: readonly string[] = []): Origin => ({
  scope,
  span: { source, start: at, end: at + 1 },
  via,
});

/** A builder with the calls that tests make most; `in` moves to another block. */
export function sketch(name = 'test') {
  const builder: Builder = newBuilder();
  const inputs: GraphInput[] = [];
  const outputs: { name: string; node: NodeId }[] = [];
  const caches = new Map<string, PortDecl>();
  let at: readonly Origin[] = [origin()];
  const e: Emit<NodeId> = {
    make: (op, ins, attrs) => builder.emit(at).make(op, ins, attrs),
    typeOf: (id) => builder.node(id).type,
  };
  const cache = (
    x: NodeId,
    port: string,
    { last, fill = 0 }: { last?: number; fill?: number } = {},
  ): NodeId => {
    const { dtype, shape } = builder.node(x).type;
    const decl: PortDecl = {
      name: port,
      type: { dtype, shape },
      ...(last === undefined ? {} : { last }),
      fill,
      span: at[0]!.span,
    };
    caches.set(port, decl);
    const before = last === undefined ? P : size(last);
    const grown = [shape[0]!, add(before, shape[1]!), ...shape.slice(2)];
    return builder.leaf('cache', [x], { port }, { dtype, shape: grown }, at);
  };
  return {
    builder,
    e,
    w: words(e),
    in(scope: string, where = 0, via: readonly string[] = []) {
      at = [origin(scope, where, via)];
    },
    input(input: string, type: TensorType<GraphDType>): NodeId {
      inputs.push({ name: input, type });
      return builder.leaf('input', [], { name: input }, type, at);
    },
    param: (param: string, shape: readonly number[], dtype: GraphDType = 'float32'): NodeId =>
      builder.leaf('param', [], { name: param }, typed(dtype, ...shape), at),
    ambient(ambient: Ambient): NodeId {
      const type = {
        past: typed('int64'),
        positions: typed('int64', B, T),
        order: typed('int64', B, T),
        key_order: typed('int64', B, add(P, T)),
        real: typed('bool', B, add(P, T)),
      }[ambient];
      return builder.leaf('ambient', [], { name: ambient }, type, at);
    },
    cache,
    delay(x: NodeId, last: number, back: number): NodeId {
      const { dtype, shape } = builder.node(x).type;
      return builder.leaf(
        'delay',
        [x],
        { last, back },
        { dtype, shape: [shape[0]!, T, ...shape.slice(2)] },
        at,
      );
    },
    op: (op: string, ins: readonly NodeId[], attrs: Parameters<Builder['op']>[2] = {}): NodeId =>
      builder.op(op, ins, attrs, at),
    output(output: string, node: NodeId) {
      outputs.push({ name: output, node });
    },
    finish: (): Graph => builder.finish({ name, inputs, outputs, caches, ports: [] }),
  };
}

/** Numbers in [-1, 1), the same at every run. */
export function noise(seed: number, dtype: GraphDType, ...shape: number[]): Tensor {
  const next = random(seed);
  return tensor(
    dtype,
    shape,
    Float32Array.from({ length: product(shape) }, () => 2 * next() - 1),
  );
}

/** Whole numbers below `below`. */
export function ids(seed: number, below: number, ...shape: number[]): Tensor {
  const next = random(seed);
  return tensor(
    'int64',
    shape,
    Float64Array.from({ length: product(shape) }, () => Math.floor(next() * below)),
  );
}

/** Random weights for every parameter of a graph; the seed of each is its name. */
export function weightsFor(graph: Graph): { values(name: string): Float32Array } {
  const known = new Map(graph.nodes.filter((n) => n.op === 'param').map((n) => [String(n.attrs['name']), n]));
  return {
    values(name) {
      const shape = known.get(name)!.type.shape.map((d) => constant(d)!);
      const seed = [...name].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 65521, 7);
      const drawn = noise(seed, 'float32', ...shape).data;
      return Float32Array.from(drawn);
    },
  };
}

/** The largest difference between two sets of outputs; infinite when they are not comparable. */
export function distance(a: Readonly<Record<string, Tensor>>, b: Readonly<Record<string, Tensor>>): number {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Math.max(0, ...[...names].map((name) => apart(a[name], b[name])));
}

export function apart(a: Tensor | undefined, b: Tensor | undefined): number {
  if (!a || !b || a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return Number.POSITIVE_INFINITY;
  let far = 0;
  for (let i = 0; i < a.data.length; i++) {
    const d = Math.abs(a.data[i]! - b.data[i]!);
    if (!(d <= far)) far = d;
  }
  return far;
}
