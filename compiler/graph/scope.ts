/** The block instance that a node belongs to: of a node with several origins, what their paths have in common. */

import type { Origin } from '../../spec/sink.ts';

/** `transformer.h.3.attn`; empty at the model. */
export function commonScope(origins: readonly Origin[]): string {
  const [first, ...others] = origins;
  if (!first) return '';
  let parts = first.scope === '' ? [] : first.scope.split('.');
  for (const { scope } of others) {
    const path = scope.split('.');
    const differs = parts.findIndex((part, i) => part !== path[i]);
    if (differs >= 0) parts = parts.slice(0, differs);
  }
  return parts.join('.');
}
