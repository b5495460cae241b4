/** Stores parameters in a narrower dtype than that of the arithmetic; each is cast where it is used. */

import { bytesPerElement, type GraphDType } from '../../spec/type.ts';
import { type Builder, rebuild } from '../graph/builder.ts';
import type { Node, NodeId, Origin } from '../graph/ir.ts';
import type { Pass } from './pass.ts';

const isFloat = (dtype: GraphDType): boolean => dtype !== 'int64' && dtype !== 'bool';

export const cast_weights = ({ storage }: { readonly storage: GraphDType }): Pass => ({
  name: 'cast_weights',
  doc: 'Store parameters in another dtype, and cast them where they are used.',
  keepsScopes: true,
  run(graph, { trace }) {
    let stored = 0;
    const result = rebuild(graph, (node, inputs, builder, at) => {
      if (node.op === 'gather') return rowsThenCast(inputs, builder, at);
      if (node.op === 'expert_matmul') return narrowExperts(node, inputs, builder, at);
      if (node.op !== 'param' || node.type.dtype === storage) return undefined;
      if (!isFloat(node.type.dtype)) {
        trace(`refused: ${String(node.attrs['name'])} holds ${node.type.dtype}`);
        return undefined;
      }
      stored++;
      const type = { dtype: storage, shape: node.type.shape };
      const narrow = builder.leaf('param', [], node.attrs, type, at);
      return builder.op('cast', [narrow], { dtype: node.type.dtype }, at);
    });
    if (stored > 0) trace(`${stored} parameters stored as ${storage}`);
    return result;
  },
});

/** Leaves the cast of experts' matrices to the op that chooses among them. */
function narrowExperts(
  { attrs }: Node,
  [x, choice, ...weights]: readonly NodeId[],
  builder: Builder,
  at: readonly Origin[],
): NodeId | undefined {
  const stored = weights.map((id) => {
    const { op, inputs, type } = builder.node(id);
    const param = op === 'cast' ? builder.node(inputs[0]!) : undefined;
    const narrower = param?.op === 'param' && bytesPerElement[param.type.dtype] < bytesPerElement[type.dtype];
    return narrower ? inputs[0]! : id;
  });
  if (stored.every((id, i) => id === weights[i])) return undefined;
  return builder.op('expert_matmul', [x!, choice!, ...stored], attrs, at);
}

/** Casts rows after they are picked from a table, so that the table itself stays narrow. */
function rowsThenCast(
  inputs: readonly NodeId[],
  builder: Builder,
  at: readonly Origin[],
): NodeId | undefined {
  const [table, ids] = inputs;
  const { op, inputs: from, type } = builder.node(table!);
  if (op !== 'cast' || builder.node(from[0]!).op !== 'param') return undefined;
  const narrow = builder.node(from[0]!).type.dtype;
  if (bytesPerElement[narrow] >= bytesPerElement[type.dtype]) return undefined;
  return builder.op('cast', [builder.op('gather', [from[0]!, ids!], {}, at)], { dtype: type.dtype }, at);
}
