/** The nodes of a nanospec text, as the grammar in LANGUAGE.md names them. Every node has its span; nothing is resolved. */

import type { Source, Span } from './source.ts';
import type { DType } from './type.ts';

interface Node {
  readonly span: Span;
}

/** A word with its place: a declared name, a segment of a path, the name of an argument. */
export interface Word extends Node {
  readonly kind: 'Word';
  readonly text: string;
}

export interface Text extends Node {
  readonly kind: 'Text';
  /** Escapes resolved. */
  readonly value: string;
}

/** `# ...`; `doc` when it begins with `##`. Kept beside the tree, for the formatter. */
export interface Comment extends Node {
  readonly kind: 'Comment';
  readonly text: string;
  readonly doc: boolean;
}

export interface File extends Node {
  readonly kind: 'File';
  readonly source: Source;
  readonly declarations: readonly (Include | Block | Function | Model)[];
  readonly comments: readonly Comment[];
}

export interface Include extends Node {
  readonly kind: 'Include';
  readonly path: Text;
  readonly name: Word;
}

export interface Model extends Node {
  readonly kind: 'Model';
  readonly name: Word;
  readonly body: readonly (Config | CheckpointBlock | Block | Item)[];
}

export interface Block extends Node {
  readonly kind: 'Block';
  readonly name: Word;
  readonly params: readonly Param[];
  readonly items: readonly Item[];
}

export interface Param extends Node {
  readonly kind: 'Param';
  readonly name: Word;
  readonly value?: Expr;
}

export type Item = Constant | Member | Branch | Function | Forward | Require;

/** `head = dim / heads` */
export interface Constant extends Node {
  readonly kind: 'Constant';
  readonly name: Word;
  readonly value: Expr;
}

/** `transformer.h[i in range(layers)]: Layer(i)`, `weight: [outputs, inputs] from "w" default 0` */
export interface Member extends Node {
  readonly kind: 'Member';
  readonly path: Path;
  readonly indices?: Comprehend | Expr;
  readonly type: Type | Construct;
  readonly from?: Text;
  readonly default?: Expr;
}

export interface Path extends Node {
  readonly kind: 'Path';
  readonly words: readonly Word[];
}

/** `i in range(layers) if has_value_embed(i)` */
export interface Comprehend extends Node {
  readonly kind: 'Comprehend';
  readonly name: Word;
  readonly over: Expr;
  readonly when?: Expr;
}

export interface Construct extends Node {
  readonly kind: 'Construct';
  readonly path: Path;
  readonly args: readonly Argument[];
}

/** `if` around members; `else if` is an else of one Branch. */
export interface Branch extends Node {
  readonly kind: 'Branch';
  readonly test: Expr;
  readonly then: readonly Item[];
  readonly else?: readonly Item[];
}

export interface Require extends Node {
  readonly kind: 'Require';
  readonly test: Expr;
  readonly message: Text;
}

export interface Config extends Node {
  readonly kind: 'Config';
  readonly from?: Text;
  readonly entries: readonly (Entry | Expect)[];
}

/** `layers = 20 from "n_layer" or "num_layers" else 12`; at least one of `value` and `keys` is there. */
export interface Entry extends Node {
  readonly kind: 'Entry';
  readonly name: Word;
  readonly value?: Expr;
  readonly keys: readonly Text[];
  readonly else?: Expr;
}

export interface Expect extends Node {
  readonly kind: 'Expect';
  readonly keys: readonly Text[];
  readonly value: Expr;
}

export interface CheckpointBlock extends Node {
  readonly kind: 'Checkpoint';
  readonly entries: readonly (Prefix | Ignore | Tied)[];
}

export interface Prefix extends Node {
  readonly kind: 'Prefix';
  readonly from: Text;
  readonly to?: Text;
}

export interface Ignore extends Node {
  readonly kind: 'Ignore';
  readonly globs: readonly Text[];
}

export interface Tied extends Node {
  readonly kind: 'Tied';
  readonly key: Text;
  readonly path: Path;
}

export interface Function extends Node {
  readonly kind: 'Function';
  readonly name: Word;
  readonly signature: Signature;
  readonly body: Expr | Statements;
}

export interface Forward extends Node {
  readonly kind: 'Forward';
  readonly signature: Signature;
  readonly body: Expr | Statements;
}

export interface Signature extends Node {
  readonly kind: 'Signature';
  readonly inputs: readonly Input[];
  /** Empty when no result type is written. */
  readonly outputs: readonly Output[];
}

export interface Input extends Node {
  readonly kind: 'Input';
  readonly name: Word;
  readonly type?: Type;
  readonly value?: Expr;
}

export interface Output extends Node {
  readonly kind: 'Output';
  readonly name?: Word;
  readonly type: Type;
}

export interface Statements extends Node {
  readonly kind: 'Statements';
  readonly body: readonly Statement[];
}

export type Statement = Assign | For | Choose | Return;

export interface Assign extends Node {
  readonly kind: 'Assign';
  readonly targets: readonly Target[];
  readonly values: readonly Expr[];
}

export interface Target extends Node {
  readonly kind: 'Target';
  readonly name: Word;
  readonly type?: Type;
}

export interface For extends Node {
  readonly kind: 'For';
  /** One name binds the entry, two bind key and entry. */
  readonly binder: readonly Word[];
  readonly over: Expr;
  readonly body: Statements;
}

/** Statement-level `if`; `else if` is an else of one Choose. */
export interface Choose extends Node {
  readonly kind: 'Choose';
  readonly test: Expr;
  readonly then: Statements;
  readonly else?: Statements;
}

export interface Return extends Node {
  readonly kind: 'Return';
  readonly values: readonly Expr[];
}

export interface Type extends Node {
  readonly kind: 'Type';
  /** `float` when none is written. */
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Shape extends Node {
  readonly kind: 'Shape';
  readonly sizes: readonly (Ellipsis | Expr)[];
}

export interface Ellipsis extends Node {
  readonly kind: 'Ellipsis';
}

export type Expr =
  | If
  | Binary
  | Unary
  | Call
  | Select
  | Index
  | As
  | NumberLiteral
  | Text
  | Bool
  | None
  | Name
  | DTypeName
  | List
  | Comprehension;

export interface If extends Node {
  readonly kind: 'If';
  readonly test: Expr;
  readonly then: Expr;
  readonly else: Expr;
}

const binaryOps = [
  'or',
  'and',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '@',
  '**',
] as const;
export type BinaryOp = (typeof binaryOps)[number];

export interface Binary extends Node {
  readonly kind: 'Binary';
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
}

export interface Unary extends Node {
  readonly kind: 'Unary';
  readonly op: '-' | 'not';
  readonly operand: Expr;
}

export interface Call extends Node {
  readonly kind: 'Call';
  readonly callee: Expr;
  readonly args: readonly Argument[];
}

export interface Argument extends Node {
  readonly kind: 'Argument';
  readonly name?: Word;
  readonly value: Expr;
}

export interface Select extends Node {
  readonly kind: 'Select';
  readonly object: Expr;
  readonly name: Word;
}

export interface Index extends Node {
  readonly kind: 'Index';
  readonly object: Expr;
  readonly subscripts: readonly (Ellipsis | Slice | Expr)[];
}

/** `a:b:c`, each part optional. */
export interface Slice extends Node {
  readonly kind: 'Slice';
  readonly start?: Expr;
  readonly stop?: Expr;
  readonly step?: Expr;
}

/** `x as [B, T, heads, head]` */
export interface As extends Node {
  readonly kind: 'As';
  readonly object: Expr;
  readonly shape: Shape;
}

export interface NumberLiteral extends Node {
  readonly kind: 'Number';
  readonly value: number;
  /** As written, for the formatter. */
  readonly text: string;
}

export interface Bool extends Node {
  readonly kind: 'Bool';
  readonly value: boolean;
}

export interface None extends Node {
  readonly kind: 'None';
}

export interface Name extends Node {
  readonly kind: 'Name';
  readonly text: string;
}

export interface DTypeName extends Node {
  readonly kind: 'DType';
  readonly dtype: DType;
}

export interface List extends Node {
  readonly kind: 'List';
  readonly items: readonly Expr[];
}

/** `[body for x in list if test]` */
export interface Comprehension extends Node {
  readonly kind: 'Comprehension';
  readonly body: Expr;
  readonly binder: readonly Word[];
  readonly over: Expr;
  readonly when?: Expr;
}

export type AnyNode =
  | File
  | Include
  | Model
  | Block
  | Param
  | Constant
  | Member
  | Path
  | Comprehend
  | Construct
  | Branch
  | Require
  | Config
  | Entry
  | Expect
  | CheckpointBlock
  | Prefix
  | Ignore
  | Tied
  | Function
  | Forward
  | Signature
  | Input
  | Output
  | Statements
  | Assign
  | Target
  | For
  | Choose
  | Return
  | Type
  | Shape
  | Ellipsis
  | Expr
  | Argument
  | Slice
  | Word
  | Comment;
