/** Stacks the matrices of experts into one parameter, from which a target can pick at run time. */

import { size } from '../../spec/dim.ts';
import type { Origin } from '../../spec/sink.ts';
import { type Builder, type Change, rebuild } from '../graph/builder.ts';
import type { Graph, Node, NodeId } from '../graph/ir.ts';
import type { Pass } from './pass.ts';

export const stack_weights: Pass = {
  name: 'stack_weights',
  doc: "Join the experts' parameters of one name into one, which is written one after the other.",
  keepsScopes: true,
  run(graph, { trace }) {
    const nameFor = namesIn(graph);
    const change: Change = (node, inputs, builder, at) => {
      const first = node.op === 'stack' ? 0 : node.op === 'expert_matmul' ? 2 : undefined;
      if (first === undefined || inputs.length - first < 2) return undefined;
      const stacked = stackOf(inputs.slice(first), builder, nameFor, at);
      if (typeof stacked === 'string') {
        trace(`refused: ${stacked}`);
        return undefined;
      }
      if (node.op === 'expert_matmul')
        return builder.op('expert_matmul', [...inputs.slice(0, 2), stacked], node.attrs, at);
      const { dtype } = node.type;
      return builder.node(stacked).type.dtype === dtype
        ? stacked
        : builder.op('cast', [stacked], { dtype }, at);
    };
    return rebuild(graph, change);
  },
};

/** Gives the name of the stacked parameter. */
type NameFor = (parts: readonly string[]) => string;

const nameOf = ({ attrs }: Node): string => String(attrs['name']);

/** The stacked parameter, or why there is none. */
function stackOf(
  inputs: readonly NodeId[],
  builder: Builder,
  nameFor: NameFor,
  at: readonly Origin[],
): NodeId | string {
  const params = inputs.map((id) => storedAt(id, builder));
  const [first] = params;
  const strange = params.findIndex((p) => p?.op !== 'param' || 'of' in p.attrs);
  if (!first || strange >= 0) return `operand ${strange} is no parameter as it is stored`;
  const parts = params.flatMap((p) => (p ? nameOf(p) : []));
  const type = { dtype: first.type.dtype, shape: [size(parts.length), ...first.type.shape] };
  return builder.leaf('param', [], { name: nameFor(parts), parts }, type, at);
}

/** A parameter, below the cast to the dtype of the arithmetic. */
function storedAt(id: NodeId, builder: Builder): Node | undefined {
  const node = builder.node(id);
  return node.op === 'cast' ? builder.node(node.inputs[0]!) : node;
}

/** `mlp.experts.w1.weight` for `mlp.experts.0.w1.weight` and its like, unless something else is called that. */
function namesIn(graph: Graph): NameFor {
  const taken = new Set(graph.nodes.flatMap((n) => (n.op === 'param' || n.op === 'table' ? nameOf(n) : [])));
  const known = new Map<string, string>();
  return (parts) => {
    const key = parts.join('\n');
    const wanted = withoutIndex(parts);
    let name = known.get(key) ?? wanted;
    if (!known.has(key)) for (let n = 1; taken.has(name); n++) name = `${wanted}#${n}`;
    taken.add(name);
    known.set(key, name);
    return name;
  };
}

function withoutIndex(parts: readonly string[]): string {
  const [first, ...more] = parts.map((part) => part.split('.')) as [string[], ...string[][]]; // two at least
  return first.filter((word, i) => more.every((words) => words[i] === word)).join('.');
}
