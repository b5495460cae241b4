/** Sizes as Python integers: names of the sizes known only when running, and where a method reads them off its arguments. */

import type { NodeId } from '../../compiler/graph/ir.ts';
import {
  atom as atomSize,
  constant,
  type Dim,
  equal,
  mentions,
  names,
  runtimeNames,
  sub,
} from '../../spec/dim.ts';
import type { GraphDType, TensorType } from '../../spec/type.ts';
import { atom, type Expr, placeholder, precedences } from './expr.ts';

/** `B * T`, `P + T`, `(T + 1) // 2`; a sum in brackets wherever it is not alone. */
export function intOf(dim: Dim): Expr {
  const n = constant(dim);
  if (n !== undefined) return n < 0 ? { text: String(n), precedence: precedences.sign } : atom(String(n));
  const whole = dim.terms.every((t) => t.d === 1 && t.powers.every(([, e]) => e > 0));
  if (!whole) return quotient(dim);
  const terms = [...dim.terms].sort((a, b) => Number(a.n < 0) - Number(b.n < 0) || rank(a) - rank(b));
  const texts = terms.map(
    (t, i) => `${i === 0 ? (t.n < 0 ? '-' : '') : t.n < 0 ? ' - ' : ' + '}${product(t)}`,
  );
  const text = texts.join('');
  if (terms.length > 1) return { text, precedence: precedences.sum };
  return /^\w+$/.test(text) ? atom(text) : { text, precedence: precedences.product };
}

type Term = Dim['terms'][number];

/** The order of terms: P before T, numbers last. */
const rank = ({ powers }: Term): number => (powers.length === 0 ? 2 : powers[0]![0] === 'P' ? 0 : 1);

function product({ n, powers }: Term): string {
  const factors = powers.flatMap(([name, e]) => Array<string>(e).fill(name));
  return Math.abs(n) === 1 && factors.length > 0
    ? factors.join(' * ')
    : [String(Math.abs(n)), ...factors].join(' * ');
}

/** Brings all terms over one denominator, because only then is every division exact. */
function quotient(dim: Dim): Expr {
  const under = dim.terms.reduce((d, t) => lcm(d, t.d), 1);
  const over = [...dim.terms]
    .sort((a, b) => rank(a) - rank(b))
    .map(({ n, d, powers }) => {
      const below = powers.filter(([, e]) => e < 0);
      const above = product({ n: (n * under) / d, d: 1, powers: powers.filter(([, e]) => e > 0) });
      const divided = below.reduce((text, [name, e]) => `${text}${` // ${name}`.repeat(-e)}`, above);
      return `${n < 0 ? '-' : ''}${below.length > 0 ? `(${divided})` : divided}`;
    });
  const sum = `(${over.join(' + ')})`;
  return under === 1 ? atom(sum) : { text: `${sum} // ${under}`, precedence: precedences.product };
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const lcm = (a: number, b: number): number => (a / gcd(a, b)) * b;

export interface Shaped {
  readonly id: NodeId;
  readonly type: TensorType<GraphDType>;
}

/** Statements that define sizes, and the names that no argument shows. */
export interface SizeReading {
  readonly lines: readonly string[];
  readonly unknown: readonly string[];
}

/** Reads the sizes that `wanted` names off the shapes of arguments. */
export function readSizes(wanted: ReadonlySet<string>, shown: readonly Shaped[]): SizeReading {
  const lines: string[] = [];
  const unknown: string[] = [];
  const known = new Set<string>();
  const together: { name: string; from: string }[] = [];
  const busy = new Set<string>();
  const define = (name: string): boolean => {
    if (known.has(name)) return true;
    const found = busy.has(name) ? undefined : readSize(name, shown);
    if (!found) return false;
    busy.add(name);
    if (![...names(found.less)].every(define)) return false;
    known.add(name);
    if (constant(found.less) === 0) together.push({ name, from: found.text });
    else lines.push(`${name} = ${found.text} - ${bracketed(intOf(found.less))}`);
    return true;
  };
  for (const name of runtimeNames) if (wanted.has(name) && !define(name)) unknown.push(name);
  const first = together.length > 0 ? [joined(together)] : [];
  return { lines: [...first, ...lines], unknown };
}

const bracketed = ({ text, precedence }: Expr): string => (precedence > precedences.sum ? text : `(${text})`);

const joined = (all: readonly { name: string; from: string }[]): string =>
  `${all.map((a) => a.name).join(', ')} = ${all.map((a) => a.from).join(', ')}`;

/** Finds an axis of that size, or of a sum with it; `less` is the rest of the sum. */
function readSize(name: string, shown: readonly Shaped[]): { text: string; less: Dim } | undefined {
  const axes = shown.flatMap(({ id, type }) => type.shape.map((dim, axis) => ({ id, axis, dim })));
  const alone = axes.find(({ dim }) => equal(dim, atomSize(name)));
  const found =
    alone ?? axes.find(({ dim }) => mentions(dim, name) && !mentions(sub(dim, atomSize(name)), name));
  return (
    found && { text: `${placeholder(found.id)}.size(${found.axis})`, less: sub(found.dim, atomSize(name)) }
  );
}
