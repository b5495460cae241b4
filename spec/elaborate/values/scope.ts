/** Names and what they stand for: a chain from a body outwards to the prelude. */

import type { Assigned, Declared, Scope, Value } from './value.ts';

export const makeScope = <V>(
  kind: Scope<V>['kind'],
  parent: Scope<V> | undefined,
  declared: Scope<V>['declared'] = new Map(),
): Scope<V> => ({ kind, names: new Map(), declared, ...(parent ? { parent } : {}) });

/** The value of a name, or where it is declared although it has no value yet. */
export function lookup<V>(
  scope: Scope<V>,
  name: string,
):
  | { readonly value: Value<V>; readonly scope: Scope<V> }
  | { readonly later: Declared | Assigned; readonly scope: Scope<V> }
  | undefined {
  for (let at: Scope<V> | undefined = scope; at; at = at.parent) {
    const value = at.names.get(name);
    if (value) return { value, scope: at };
    const later = at.declared.get(name);
    if (later) return { later, scope: at };
  }
  return undefined;
}

export function* namesInScope<V>(scope: Scope<V>): Generator<string> {
  for (let at: Scope<V> | undefined = scope; at; at = at.parent) {
    yield* at.names.keys();
    yield* at.declared.keys();
  }
}
