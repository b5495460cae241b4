/** Where the value of a node comes from, for whoever looks at values one by one or draws them. */

import type { Attr } from '../../spec/op.ts';
import { isPrimitive, primitives } from '../../spec/primitives/index.ts';
import type { Node, structural } from './ir.ts';

/**
 * `caller`: given with a call, or kept from the one before. `checkpoint`: a parameter. `attributes`: a constant, which the node
 * holds itself. `sizes`: known when the sizes of a call are. `operands`: computed from other nodes.
 */
export type ValueSource = 'caller' | 'checkpoint' | 'attributes' | 'sizes' | 'operands';

const structuralSources: Readonly<Record<(typeof structural)[number], ValueSource>> = {
  input: 'caller',
  ambient: 'caller',
  state: 'caller',
  param: 'checkpoint',
  table: 'attributes',
  cache: 'operands',
  delay: 'operands',
  scan: 'operands',
  result: 'operands',
};

const sources: Readonly<Record<string, ValueSource>> = structuralSources; // asked for any name of an op

export function valueSource({ op, attrs }: Pick<Node, 'op' | 'attrs'>): ValueSource {
  if (!isPrimitive(op)) return Object.hasOwn(sources, op) ? sources[op]! : 'operands';
  if (primitives[op].axes !== 'made') return 'operands';
  return Object.values(attrs).some(isSize) ? 'sizes' : 'attributes';
}

/** A symbolic size, which the caller settles. */
const isSize = (attr: Attr): boolean => typeof attr === 'object' && attr !== null && 'key' in attr;
