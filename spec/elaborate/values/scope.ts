/** Names and what they stand for: a chain from a body outwards to the prelude. */

import type { Span } from '../../source.ts';
import type { Value } from './value.ts';

export interface Scope<V> {
  readonly kind: 'prelude' | 'file' | 'model' | 'block' | 'body';
  readonly names: Map<string, Value<V>>;
  readonly parent?: Scope<V>;
  /** Names that it will have when it is complete, and where they are written: "later" is not "unknown". */
  readonly declared: ReadonlyMap<string, Declared | Assigned>;
}

export interface Declared {
  readonly span: Span;
  /** As in "already names a ...". */
  readonly what: string;
}

/** A local name where it is assigned. */
export interface Assigned extends Declared {
  /** What decides whether it is, outermost first: "`i == 3` (line 7)"; empty when nothing does. */
  readonly tests: readonly string[];
}

/** What a body will assign, found before it runs. */
export interface Plan {
  readonly assigned: ReadonlyMap<string, Assigned>;
}

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
  | { readonly value: Value<V> }
  | { readonly later: Declared | Assigned; readonly scope: Scope<V> }
  | undefined {
  for (let at: Scope<V> | undefined = scope; at; at = at.parent) {
    const value = at.names.get(name);
    if (value) return { value };
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
