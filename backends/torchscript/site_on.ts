/** Makes the site of a lowering out of what methods and functions differ in: how they reach values, sizes, devices and dtypes. */

import type { Node, NodeId } from '../../compiler/graph/ir.ts';
import type { Dim } from '../../spec/dim.ts';
import type { GraphDType } from '../../spec/type.ts';
import { type CodeContext, dtypeNumbers, use } from './code_context.ts';
import { atom, method as call, type Expr, infix, precedences } from './expr.ts';
import { lowerPrimitive, scalarText } from './lowering.ts';
import type { Site } from './site.ts';

export interface SiteAccess {
  readonly context: CodeContext;
  node(id: NodeId): Node;
  /** The expression for a value other than a number. */
  value(node: Node): Expr;
  int(dim: Dim): Expr;
  device(): string;
  /** A tensor of this dtype that exists throughout the body. */
  like(dtype: GraphDType): string | undefined;
}

export const isNumber = ({ op }: Node): boolean => op === 'scalar' || op === 'size';

export function siteOn({ context, node, value, int, device, like }: SiteAccess): Site {
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
      return text.startsWith('-') ? { text, precedence: precedences.sign } : atom(text);
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
