/** Replaces composite ops by their decompositions into primitives, for targets that have no operator for them. */

import { isComposite, opOf } from '../../spec/ops/index.ts';
import { rebuild } from '../graph/builder.ts';
import type { Node } from '../graph/ir.ts';
import type { Pass } from './pass.ts';

/** True to keep the node as it is, or the reason why it has to be decomposed. */
export type Keep = (node: Node) => boolean | string;

export const decompose_composites = ({ keep }: { readonly keep: readonly string[] | Keep }): Pass => ({
  name: 'decompose_composites',
  doc: 'Spell out in primitives every composite op that the target does not know.',
  keepsScopes: true,
  inSteps: true,
  run(graph, { trace }) {
    const kept: Keep = typeof keep === 'function' ? keep : ({ op }) => keep.includes(op);
    const counts = new Map<string, number>();
    const result = rebuild(graph, (node, inputs, builder, at) => {
      if (!isComposite(node.op)) return undefined;
      const verdict = kept(node);
      if (verdict === true) return undefined;
      const reason = verdict === false ? '' : `, since ${verdict}`;
      const line = `${node.op}${reason}`;
      counts.set(line, (counts.get(line) ?? 0) + 1);
      return opOf(node.op).decompose(builder.emit(at), inputs, node.attrs);
    });
    for (const [line, n] of counts) trace(`${n} times ${line}`);
    return result;
  },
});
