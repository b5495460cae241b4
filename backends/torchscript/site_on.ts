/** The site of a lowering on the little that methods and functions differ in: how they reach values, sizes, devices, dtypes. */

import type { Node, NodeId } from '../../compiler/graph/ir.ts';
import type { Dim } from '../../spec/dim.ts';
import type { GraphDType } from '../../spec/type.ts';
import { type CodeContext, dtypeNumbers, use } from './code_context.ts';
import { atom, method as call, type Expr, infix } from './expr.ts';
import { lowerPrimitive, scalarText } from './lowering.ts';
import type { Site } from './site.ts';

export interface Ground {
  readonly context: CodeContext;
  node(id: NodeId): Node;
  /** A value that is no number. */
  value(node: Node): Expr;
  int(dim: Dim): Expr;
  device(): string;
  /** A tensor of this dtype that is there throughout. */
  like(dtype: GraphDType): string | undefined;
}

export const isNumber = ({ op }: Node): boolean => op === 'scalar' || op === 'size';

export function siteOn({ context, node, value, int, device, like }: Ground): Site {
  const { compute, release } = context;
  const likeComputed = (dtype: GraphDType): string | undefined =>
    dtype === compute ? like(dtype) : undefined;
  const site: Site = {
    release,
    node,
    int,
    device,
    tensor(id) {
      const own = node(id);
      return isNumber(own) ? lowerPrimitive(own.op as 'scalar' | 'size', site, own) : value(own); // one of the two
    },
    number(id) {
      const { op, attrs } = node(id);
      if (op === 'size') return int(attrs['dim'] as Dim); // what the op holds
      if (op !== 'scalar') return undefined;
      const text = scalarText(Number(attrs['value']), attrs['dtype'] as GraphDType); // what the op holds
      return text.startsWith('-') ? { text, holds: 6 } : atom(text);
    },
    dtype(dtype) {
      const anchor = likeComputed(dtype);
      return anchor === undefined ? String(dtypeNumbers[dtype]) : `${anchor}.dtype`;
    },
    cast(x, from, to) {
      if (from === to) return x;
      if (to === 'bool') return infix('ne', x, atom('0'));
      if (to === 'int64') return call(x, 'long');
      const anchor = likeComputed(to);
      if (anchor !== undefined) return call(x, 'type_as', anchor);
      return to === 'float32' ? call(x, 'float') : call(x, 'to', String(dtypeNumbers[to]));
    },
    function: (text) => use(context, text),
  };
  return site;
}
