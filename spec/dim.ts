/**
 * Symbolic sizes: Laurent polynomials with rational coefficients over names.
 *
 * A name is a run-time size (`B`, `T`, `P`, `S`), a config entry, or an opaque atom such as `vocab // 64` whose text is its
 * identity. Two sizes are equal when their normal forms are, never because their numbers are: a model that fits one config by chance would be wrong for the next.
 */

interface Term {
  /** Exact coefficient n / d, d > 0, lowest terms. */
  readonly n: number;
  readonly d: number;
  /** Names with integer exponents, none zero, in the order in which they were first written. */
  readonly powers: readonly (readonly [name: string, exponent: number])[];
}

export interface Dim {
  readonly terms: readonly Term[];
  /** Normal form as text; equal keys are equal sizes. */
  readonly key: string;
}

export type Env = ReadonlyMap<string, number>;

/** The sizes known only when running. */
export const runtimeNames = ['B', 'T', 'P', 'S'] as const;

const gcd = (a: number, b: number): number => {
  let x = Math.abs(a);
  let y = Math.abs(b);
  while (y > 0) [x, y] = [y, x % y];
  return x || 1;
};

const identity = ({ powers }: Term): string =>
  powers.length === 1
    ? `${powers[0]![0]}^${powers[0]![1]}`
    : powers
        .map(([name, e]) => `${name}^${e}`)
        .sort()
        .join('*');

function make(raw: readonly Term[]): Dim | undefined {
  const merged = new Map<string, Term>();
  for (const term of raw) {
    const id = identity(term);
    const other = merged.get(id);
    const n = other ? other.n * term.d + term.n * other.d : term.n;
    const d = other ? other.d * term.d : term.d;
    const g = gcd(n, d);
    if (!Number.isSafeInteger(n) || !Number.isSafeInteger(d)) return undefined;
    merged.set(id, { n: n / g, d: d / g, powers: other?.powers ?? term.powers });
  }
  const terms = [...merged].filter(([, t]) => t.n !== 0);
  if (terms.length > 1) terms.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    terms: terms.map(([, t]) => t),
    key: terms.map(([id, t]) => `${t.n}/${t.d}:${id}`).join('+') || '0',
  };
}

/** Thrown where a size leaves the exact integers; a `RangeError` of another kind is a stack that is full. */
export class InexactSize extends RangeError {}

const exactOrThrow = (d: Dim | undefined): Dim => {
  if (!d) throw new InexactSize('size arithmetic left the exact integers');
  return d;
};

/** A literal number; undefined when it has no exact small fraction (then it is opaque, see `atom`). */
export function exact(value: number): Dim | undefined {
  if (!Number.isFinite(value)) return undefined;
  let d = 1;
  while (!Number.isSafeInteger(value * d) && d < 1e9) d *= 10;
  return Number.isSafeInteger(value * d) && (value * d) / d === value
    ? make([{ n: value * d, d, powers: [] }])
    : undefined;
}

/** A whole number as a size; small ones, of which a model has thousands, are made once. */
export function size(value: number): Dim {
  const known = wholes.get(value);
  if (known) return known;
  const made = exactOrThrow(exact(value));
  if (wholes.size < mostWholes) wholes.set(value, made);
  return made;
}

const mostWholes = 4096;
const wholes = new Map<number, Dim>();

/** A run-time size, a config entry, or an opaque sub-expression identified by its text. */
export const atom = (name: string): Dim => exactOrThrow(make([{ n: 1, d: 1, powers: [[name, 1]] }]));

export const add = (a: Dim, b: Dim): Dim => exactOrThrow(make([...a.terms, ...b.terms]));

export const scale = (a: Dim, n: number): Dim =>
  exactOrThrow(make(a.terms.map((t) => ({ ...t, n: t.n * n }))));

export const sub = (a: Dim, b: Dim): Dim => add(a, scale(b, -1));

function times(a: Term, b: Term): Term {
  const g1 = gcd(a.n, b.d);
  const g2 = gcd(b.n, a.d);
  const powers = new Map(a.powers);
  for (const [name, e] of b.powers) powers.set(name, (powers.get(name) ?? 0) + e);
  return {
    n: (a.n / g1) * (b.n / g2),
    d: (a.d / g2) * (b.d / g1),
    powers: [...powers].filter(([, e]) => e !== 0),
  };
}

export const mul = (a: Dim, b: Dim): Dim =>
  exactOrThrow(make(a.terms.flatMap((s) => b.terms.map((t) => times(s, t)))));

/** a / b where b is a single term; undefined when b is a sum or zero (then the quotient is opaque). */
export function div(a: Dim, b: Dim): Dim | undefined {
  const [t, ...more] = b.terms;
  if (!t || more.length > 0) return undefined;
  const sign = t.n < 0 ? -1 : 1;
  const inverse: Term = { n: sign * t.d, d: sign * t.n, powers: t.powers.map(([name, e]) => [name, -e]) };
  return make(a.terms.map((s) => times(s, inverse)));
}

export const product = (dims: readonly Dim[]): Dim => dims.reduce(mul, size(1));

export const equal = (a: Dim, b: Dim): boolean => a.key === b.key;

/** The number, when no name is left. */
export function constant(a: Dim): number | undefined {
  const [t, ...more] = a.terms;
  if (!t) return 0;
  return more.length === 0 && t.powers.length === 0 ? t.n / t.d : undefined;
}

export const names = (a: Dim): Set<string> => new Set(a.terms.flatMap((t) => t.powers.map(([name]) => name)));

export const mentions = (a: Dim, name: string): boolean =>
  a.terms.some((t) => t.powers.some(([n]) => n === name));

/** Replace names by sizes; below a fraction line a name stays when it would become a sum. */
export function substitute(a: Dim, replace: (name: string) => Dim | undefined): Dim {
  let sum = size(0);
  for (const t of a.terms) {
    let term = exactOrThrow(make([{ n: t.n, d: t.d, powers: [] }]));
    for (const [name, e] of t.powers) {
      const by = replace(name) ?? atom(name);
      for (let i = 0; i < Math.abs(e); i++) {
        term = e > 0 ? mul(term, by) : (div(term, by) ?? exactOrThrow(div(term, atom(name))));
      }
    }
    sum = add(sum, term);
  }
  return sum;
}

/** The value with every name looked up; NaN when one is absent. */
export function evaluate(a: Dim, env: Env): number {
  let sum = 0;
  for (const t of a.terms) {
    let term = t.n;
    for (const [name, e] of t.powers) if (e > 0) term *= (env.get(name) ?? Number.NaN) ** e;
    let under = t.d;
    for (const [name, e] of t.powers) if (e < 0) under *= (env.get(name) ?? Number.NaN) ** -e;
    sum += term / under;
  }
  return sum;
}

/**
 * True when a >= 0 for every B >= 1, T >= 1, S >= 1, P >= 0: after T = 1 + t and so on, no coefficient is negative.
 * Names other than these must have been substituted by numbers.
 */
export function provablyNonNegative(a: Dim): boolean {
  const shifted = substitute(a, (name) => (name === 'P' ? undefined : add(size(1), atom(name))));
  return shifted.terms.every((t) => t.n > 0 && t.powers.every(([n, e]) => e > 0 && isRuntime(n)));
}

export const isRuntime = (name: string): boolean => (runtimeNames as readonly string[]).includes(name);

/** True for the literal 1, which is the only size that stretches. */
export const isOne = (a: Dim): boolean => a.key === '1/1:';

/** `heads * head`, `P + T`, `1 + T`, `dim / heads`, `T - 1`. */
export function show(a: Dim): string {
  let text = shown.get(a);
  if (text === undefined) {
    text = write(a);
    shown.set(a, text);
  }
  return text;
}

const shown = new WeakMap<Dim, string>();

function write(a: Dim): string {
  const [first, ...others] = a.terms;
  if (!first) return '0';
  const [name, ...factors] = first.powers;
  const alone = others.length === 0 && factors.length === 0 && first.n === 1 && first.d === 1;
  if (alone && name?.[1] === 1) return name[0];
  const one = ({ n, d, powers }: Term): string => {
    const part = ([name, e]: readonly [string, number]) => {
      const text = /^[\w.]+(\(.*\)|(\[\d+\])+)?$/.test(name) ? name : `(${name})`;
      return Math.abs(e) === 1 ? text : `${text} ** ${Math.abs(e)}`;
    };
    const over = powers.filter(([, e]) => e > 0).map(part);
    const under = powers.filter(([, e]) => e < 0).map(part);
    if (Math.abs(n) !== 1 || over.length === 0) over.unshift(String(Math.abs(n)));
    if (d !== 1) under.unshift(String(d));
    return [over.join(' * '), ...under].join(' / ');
  };
  // Run-time names after the rest (`1 + T`), `P` before `T`, numbers after names, negative terms last.
  const running = a.terms.some((t) => t.powers.some(([n]) => isRuntime(n)));
  const rank = (t: Term) =>
    t.n < 0 ? 3 : t.powers.some(([n]) => isRuntime(n)) ? 2 : t.powers.length === 0 && !running ? 1 : 0;
  const ordered = [...a.terms].sort((x, y) => rank(x) - rank(y));
  return ordered.map((t, i) => (i === 0 ? (t.n < 0 ? '-' : '') : t.n < 0 ? ' - ' : ' + ') + one(t)).join('');
}

export const showShape = (shape: readonly Dim[]): string => `[${shape.map(show).join(', ')}]`;
