/** Expressions of the code: text, and how tightly it holds together, so that brackets stand only where they must. */

import type { NodeId } from '../../compiler/graph/ir.ts';
import type { OperatorName } from './operators.ts';

export interface Expr {
  readonly text: string;
  readonly holds: number;
}

/** From loose to tight, as Python has them. */
const levels = { compare: 1, or: 2, and: 3, sum: 4, product: 5, sign: 6, power: 7, atom: 8 } as const;
type Level = keyof typeof levels;

export const atom = (text: string): Expr => ({ text, holds: levels.atom });

/** Stands for the name of a value until names are given. */
export const mark = (id: NodeId): string => `⟨${id}⟩`;
const marks = /⟨(\d+)⟩/g;
export const named = (text: string, nameOf: (id: NodeId) => string): string =>
  text.replace(marks, (_, id) => nameOf(Number(id)));
export const marked = (text: string): NodeId[] => [...text.matchAll(marks)].map((m) => Number(m[1]));
/** About as long as it will be. */
export const lengthOf = (text: string): number => text.replace(marks, 'xxxxx').length;

/** Values used once are written where they are used, as long as they are not longer than this. */
const longestInline = 64;
export const isShort = ({ text }: Expr): boolean => lengthOf(text) <= longestInline;

const within = ({ text, holds }: Expr, level: number): string => (holds >= level ? text : `(${text})`);

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
} as const satisfies Partial<Record<OperatorName, readonly [string, Level]>>;
export type Infix = keyof typeof signs;

export function infix(op: Infix, a: Expr, b: Expr): Expr {
  const [sign, level] = signs[op];
  const holds = levels[level];
  // Left to right: the right operand must hold more tightly; comparisons do not chain.
  return {
    text: `${within(a, level === 'compare' ? holds + 1 : holds)} ${sign} ${within(b, holds + 1)}`,
    holds,
  };
}

export const negative = (x: Expr): Expr => ({ text: `-${within(x, levels.power)}`, holds: levels.sign });
export const inverted = (x: Expr): Expr => ({ text: `~${within(x, levels.power)}`, holds: levels.sign });

/** `torch.tanh(x)` */
export const torch = (name: OperatorName, ...args: readonly (Expr | string)[]): Expr =>
  atom(`torch.${name}(${args.map((a) => (typeof a === 'string' ? a : a.text)).join(', ')})`);

/** `x.tanh()` */
export const method = (x: Expr, name: OperatorName, ...args: readonly string[]): Expr =>
  atom(`${within(x, levels.atom)}.${name}(${args.join(', ')})`);

/** `x[..., :2]` */
export const indexed = (x: Expr, subscript: string): Expr => atom(`${within(x, levels.atom)}[${subscript}]`);

export const called = (callee: string, args: readonly string[]): Expr =>
  atom(`${callee}(${args.join(', ')})`);

/** A Python float always shows that it is one. */
export function float(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
