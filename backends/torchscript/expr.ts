/** Expressions of the code: text with the precedence of its outermost operator, so that only necessary brackets are written. */

import type { NodeId } from '../../compiler/graph/ir.ts';
import type { OperatorName } from './operators.ts';

export interface Expr {
  readonly text: string;
  readonly precedence: number;
}

/** Precedences of Python's operators, from loose to tight. */
export const precedences = {
  compare: 1,
  or: 2,
  and: 3,
  sum: 4,
  product: 5,
  sign: 6,
  power: 7,
  atom: 8,
} as const;
type Precedence = keyof typeof precedences;

export const atom = (text: string): Expr => ({ text, precedence: precedences.atom });

/** Stands for the name of a value until values get their names. */
export const placeholder = (id: NodeId): string => `⟨${id}⟩`;
const placeholders = /⟨(\d+)⟩/g;
export const withNames = (text: string, nameOf: (id: NodeId) => string): string =>
  text.replace(placeholders, (_, id) => nameOf(Number(id)));
export const valuesIn = (text: string): NodeId[] => [...text.matchAll(placeholders)].map((m) => Number(m[1]));
/** An estimate of the length once placeholders are names. */
export const lengthOf = (text: string): number => text.replace(placeholders, 'xxxxx').length;

/** A value that is used once is written in place when its text has at most this many characters. */
const longestInline = 64;
export const isShort = ({ text }: Expr): boolean => lengthOf(text) <= longestInline;

const operandText = ({ text, precedence }: Expr, level: number): string =>
  precedence >= level ? text : `(${text})`;

const signs = {
  add: ['+', 'sum'],
  sub: ['-', 'sum'],
  mul: ['*', 'product'],
  div: ['/', 'product'],
  eq: ['==', 'compare'],
  ne: ['!=', 'compare'],
  lt: ['<', 'compare'],
  le: ['<=', 'compare'],
  gt: ['>', 'compare'],
  ge: ['>=', 'compare'],
  __and__: ['&', 'and'],
  __or__: ['|', 'or'],
} as const satisfies Partial<Record<OperatorName, readonly [string, Precedence]>>;
export type Infix = keyof typeof signs;

export function infix(op: Infix, a: Expr, b: Expr): Expr {
  const [sign, level] = signs[op];
  const precedence = precedences[level];
  // Operators associate to the left, so the right operand must bind more tightly; comparisons do not chain.
  return {
    text: `${operandText(a, level === 'compare' ? precedence + 1 : precedence)} ${sign} ${operandText(b, precedence + 1)}`,
    precedence,
  };
}

export const negative = (x: Expr): Expr => ({
  text: `-${operandText(x, precedences.power)}`,
  precedence: precedences.sign,
});
export const inverted = (x: Expr): Expr => ({
  text: `~${operandText(x, precedences.power)}`,
  precedence: precedences.sign,
});

/** `torch.tanh(x)` */
export const torch = (name: OperatorName, ...args: readonly (Expr | string)[]): Expr =>
  atom(`torch.${name}(${args.map((a) => (typeof a === 'string' ? a : a.text)).join(', ')})`);

/** `x.tanh()` */
export const method = (x: Expr, name: OperatorName, ...args: readonly string[]): Expr =>
  atom(`${operandText(x, precedences.atom)}.${name}(${args.join(', ')})`);

/** `x[..., :2]` */
export const indexed = (x: Expr, subscript: string): Expr =>
  atom(`${operandText(x, precedences.atom)}[${subscript}]`);

export const called = (callee: string, args: readonly string[]): Expr =>
  atom(`${callee}(${args.join(', ')})`);

/** A number as a Python float, which must not look like an integer. */
export function float(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
