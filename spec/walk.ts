/** The nodes below a node, in the order of the text. */

import type { AnyNode } from './ast.ts';
import { append } from './long_list.ts';

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && 'kind' in value && 'span' in value;

/** Comments stand beside the tree and are not walked. */
export function children(node: AnyNode): readonly AnyNode[] {
  const below: AnyNode[] = [];
  for (const [key, value] of Object.entries(node)) {
    if (key === 'comments') continue;
    for (const one of Array.isArray(value) ? value : [value]) if (isNode(one)) below.push(one);
  }
  return below.sort((a, b) => a.span.start - b.span.start);
}

/** A node and all below it, parents before children; iterative, so that depth does not matter. */
export function* walk(node: AnyNode): Generator<AnyNode, void, void> {
  const left: AnyNode[] = [node];
  for (let next = left.pop(); next; next = left.pop()) {
    yield next;
    append(left, [...children(next)].reverse());
  }
}
