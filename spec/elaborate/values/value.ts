/** Values of expressions while a program is elaborated: compile-time values, modules, tensors. */

import type * as ast from '../../ast.ts';
import type { Dim } from '../../dim.ts';
import type { ParamDecl } from '../../sink.ts';
import type { Located, Span } from '../../source.ts';
import type { DType, TensorType } from '../../type.ts';

/** `dim` is the same number as a size over config names; absent when only the double is known. */
export interface NumberValue {
  readonly kind: 'number';
  readonly value: number;
  readonly dim?: Dim;
}

/** A size known only when running: it mentions `B`, `T` or `P`. */
export interface SizeValue {
  readonly kind: 'size';
  readonly dim: Dim;
}

export interface ListValue<V> {
  readonly kind: 'list';
  readonly items: readonly Value<V>[];
  /** The length as a size with names: `head / 2` for `range(head / 2)`, and for a list made from it. */
  readonly length?: Dim;
  /** Several results of one call, which must be taken apart. */
  readonly several?: true;
}

/** A function of the language with the scope that it was written in. */
export interface FunctionValue<V> {
  readonly kind: 'function';
  readonly decl: ast.Function;
  readonly scope: Scope<V>;
}

export interface BlockValue<V> {
  readonly kind: 'block';
  readonly decl: ast.Block;
  readonly scope: Scope<V>;
}

/** One instance of a block. */
export interface ModuleValue<V> {
  readonly kind: 'module';
  /** `transformer.h.3.attn`; empty for the model itself. */
  readonly path: string;
  /** Its path in messages: `transformer.h[3].attn`. */
  readonly label: string;
  /** The checkpoint's name for the path. */
  readonly key: string;
  readonly scope: Scope<V>;
  readonly block: ast.Block | ast.Model;
  readonly forward?: ast.Forward;
  /** The member of the user's file that made it. */
  readonly span: Span;
}

/** A rotary table; `cos` and `sin` are made at its first call. */
export interface RotaryValue<V> {
  readonly kind: 'rotary';
  readonly path: string;
  readonly dim: NumberValue;
  readonly freqs: readonly number[];
  readonly length: number;
  readonly magnitude: number;
  readonly pairing: 'halves' | 'interleaved';
  readonly rounded: 'bfloat16' | 'float16' | null;
  readonly tables: { cos?: V; sin?: V };
}

/** Members made by `name[...]`: modules or parameters by index, perhaps with gaps. */
export interface EntriesValue<V> {
  readonly kind: 'entries';
  readonly label: string;
  readonly entries: ReadonlyMap<number, Value<V>>;
  /** The condition of the entries, when some are left out. */
  readonly when?: ast.Expr;
  /** The number as a size with names: `heads` for `norms[heads]`. */
  readonly length?: Dim;
  /** Whether all entries are made alike, whatever their index. */
  readonly alike: boolean;
}

/** The index of the expert whose body stands for all, and what was added to it. */
export interface ExpertIndexValue {
  readonly kind: 'expert_index';
  /** How many mixtures are around the one whose expert it is. */
  readonly depth: number;
  readonly plus: number;
}

/** The part of a dotted path that is no module: `transformer` of `transformer.wte`. */
export interface NamespaceValue<V> {
  readonly kind: 'namespace';
  readonly label: string;
  readonly names: Map<string, Value<V>>;
}

/** A parameter that nothing has used yet. */
export interface ParamValue {
  readonly kind: 'param';
  readonly decl: ParamDecl;
  readonly type: TensorType;
  /** Path of the instance that owns it. */
  readonly scope: string;
}

/** Where the size of one axis was decided, for messages. */
export interface AxisOrigin {
  readonly label: string;
  readonly span: Span;
}

export interface TensorValue<V> {
  readonly kind: 'tensor';
  readonly type: TensorType;
  readonly v: V;
  /** The name it was given, and where. */
  readonly origin?: AxisOrigin;
  /** The matrix that this is the transpose of. */
  readonly transposed?: TensorValue<V>;
}

/** A member of the arm of an `if` that this instance has not taken. */
export interface AbsentValue {
  readonly kind: 'absent';
  readonly name: string;
  readonly test: ast.Expr;
  /** The truth value of `test` that the member needs. */
  readonly wanted: boolean;
}

/** Something wrong that has been reported. */
export interface Poison {
  readonly kind: 'poison';
}

export type Value<V> =
  | NumberValue
  | SizeValue
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'none' }
  | { readonly kind: 'dtype'; readonly dtype: DType }
  | ListValue<V>
  | FunctionValue<V>
  | { readonly kind: 'builtin'; readonly name: string }
  | BlockValue<V>
  | ModuleValue<V>
  | RotaryValue<V>
  | EntriesValue<V>
  | ExpertIndexValue
  | NamespaceValue<V>
  | { readonly kind: 'include'; readonly name: string; readonly scope: Scope<V> }
  | ParamValue
  | TensorValue<V>
  | AbsentValue
  | Poison;

export const none = { kind: 'none' } as const;
export const poison: Poison = { kind: 'poison' };
export const bool = (value: boolean) => ({ kind: 'bool', value }) as const;
export const text = (value: string) => ({ kind: 'string', value }) as const;
export const list = <V>(items: readonly Value<V>[]): ListValue<V> => ({ kind: 'list', items });

/** A kind as a message says it. */
export function describeKind<V>(value: Value<V>): string {
  if (value.kind === 'list' && value.several) return `${value.items.length} values`;
  return kindNames[value.kind];
}

const kindNames: Readonly<Record<Value<unknown>['kind'], string>> = {
  number: 'a number',
  size: 'a size',
  string: 'a string',
  bool: 'true or false',
  none: 'none',
  dtype: 'a dtype',
  list: 'a list',
  function: 'a function',
  builtin: 'a built-in function',
  block: 'a block',
  module: 'a module',
  rotary: 'a rotary table',
  entries: 'a list of members',
  expert_index: 'an index',
  namespace: 'the first part of a path',
  include: 'an included file',
  param: 'a tensor',
  tensor: 'a tensor',
  absent: 'an absent member',
  poison: 'a wrong value',
};

/** What may be walked by place: the characters of a string are strings too. */
export type Listed<V> = Extract<Value<V>, { kind: 'list' | 'string' | 'entries' }>;

export const itemsOf = <V>(value: Listed<V>): readonly Value<V>[] =>
  value.kind === 'list'
    ? value.items
    : value.kind === 'entries'
      ? [...value.entries.values()]
      : [...value.value].map((c) => text(c));

/** What `==` compares when compiling; undefined for what has no such equality. */
export function plainOf<V>(x: Value<V>): number | string | boolean | null | undefined {
  if (x.kind === 'list') {
    const items = x.items.map(plainOf);
    const said = items.map((i) => (typeof i === 'number' ? String(i) : JSON.stringify(i)));
    return items.includes(undefined) ? undefined : `list ${said.join(', ')}`;
  }
  if (x.kind === 'number' || x.kind === 'string' || x.kind === 'bool') return x.value;
  if (x.kind === 'none') return null;
  return x.kind === 'dtype' ? `dtype ${x.dtype}` : undefined;
}

/** Names and what they stand for: a chain from a body outwards to the prelude. */
export interface Scope<V> {
  readonly kind: 'prelude' | 'file' | 'model' | 'block' | 'body';
  readonly names: Map<string, Value<V>>;
  readonly parent?: Scope<V>;
  /** Names that it will have when it is complete, and where they are written: "later" is not "unknown". */
  readonly declared: ReadonlyMap<string, Declared | Assigned>;
}

export interface Declared {
  readonly span: Span;
  /** Its kind in messages: "already names a ...". */
  readonly what: string;
  readonly isBlock?: true;
}

/** A local name where it is assigned. */
export interface Assigned extends Declared {
  readonly kind: LocalKind;
  /** What decides whether it is, outermost first; empty when nothing does. */
  readonly conditions: readonly Condition[];
}

const localKinds = { input: 'an input', local: 'a local name', loop: 'a loop variable' } as const;
export type LocalKind = keyof typeof localKinds;

export const assignedAt = (
  { span }: Located,
  kind: LocalKind,
  conditions: readonly Condition[] = [],
): Assigned => ({ span, kind, what: localKinds[kind], conditions });

/** The test of an `if`, or that the list of a loop has entries. */
export interface Condition {
  readonly of: 'if' | 'loop';
  /** `i == 3` (line 7) */
  readonly text: string;
}

/** The names that a body will assign, found before it runs. */
export interface Plan {
  readonly assigned: ReadonlyMap<string, Assigned>;
}
