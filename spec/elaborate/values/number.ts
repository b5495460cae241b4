/** Arithmetic on compile-time numbers: exact where possible, with the size that each number stands for. */

import * as dim from '../../dim.ts';
import type { Sizes } from './sizes.ts';
import type { NumberValue } from './value.ts';

export const number = (value: number): NumberValue => {
  const d = dim.exact(value);
  return d ? { kind: 'number', value, dim: d } : { kind: 'number', value };
};

export const inf: NumberValue = { kind: 'number', value: Number.POSITIVE_INFINITY };

type Operator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

const floats: Readonly<Record<Operator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '//': (a, b) => Math.floor(a / b),
  '%': (a, b) => a - b * Math.floor(a / b),
  '**': (a, b) => a ** b,
};

const exactly: Partial<Record<Operator, (a: dim.Dim, b: dim.Dim) => dim.Dim | undefined>> = {
  '+': dim.add,
  '-': dim.sub,
  '*': dim.mul,
  '/': dim.div,
  '**': power,
};

/** `heads ** 2` is `heads * heads`; other powers have a name of their own. */
function power(base: dim.Dim, exponent: dim.Dim): dim.Dim | undefined {
  const n = dim.constant(exponent);
  if (n === undefined || !(isWhole(n) && n > 0 && n <= 8)) return undefined;
  return Array.from({ length: n }, () => base).reduce(dim.mul);
}

export function arithmetic(sizes: Sizes, op: Operator, a: NumberValue, b: NumberValue): NumberValue {
  const value = floats[op](a.value, b.value);
  if (!a.dim || !b.dim || !Number.isFinite(value)) return { kind: 'number', value };
  const d = unlessTooLarge(() => exactly[op]?.(a.dim!, b.dim!));
  if (d) return { kind: 'number', value: nearestExact(value, d), dim: d };
  return opaque(
    sizes,
    `${operand(a.dim)} ${op} ${operand(b.dim)}`,
    op === '%' || op === '//' ? nearWhole(value) : value,
  );
}

/** A number whose only equal is the same text: `ceil(vocab / 64)`, `context // 4`, `min(a, b)`. */
export function named(
  sizes: Sizes,
  name: string,
  args: readonly NumberValue[],
  f: (...values: number[]) => number,
): NumberValue {
  const value = f(...args.map((a) => a.value));
  const dims = args.map((a) => a.dim);
  if (!dims.every((d) => d !== undefined)) return { kind: 'number', value };
  return opaque(sizes, `${name}(${dims.map((d) => dim.show(d)).join(', ')})`, value, dims);
}

function opaque(sizes: Sizes, text: string, value: number, parts: readonly dim.Dim[] = []): NumberValue {
  const literal =
    /^[\d\s.()/*%+-]*$/.test(text) || (parts.length > 0 && parts.every((d) => dim.constant(d) !== undefined));
  if (literal || !Number.isFinite(value)) return number(value);
  sizes.numbers.set(text, value);
  return { kind: 'number', value, dim: dim.atom(text) };
}

const operand = (d: dim.Dim): string => {
  const text = dim.show(d);
  return /^[\w.]+(\([^()]*\))?$/.test(text) ? text : `(${text})`;
};

/** The exact value where the size is an integer or a written fraction, and otherwise the double that was computed. */
function nearestExact(value: number, d: dim.Dim): number {
  return dim.constant(d) ?? nearWhole(value);
}

function nearWhole(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) <= 1e-12 * Math.abs(whole) ? whole : value;
}

/** Size arithmetic that leaves the exact integers gives up its name, not the number. */
function unlessTooLarge(f: () => dim.Dim | undefined): dim.Dim | undefined {
  try {
    return f();
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    throw cause;
  }
}

export const isWhole = (value: number): boolean => Number.isSafeInteger(value);

/** `106.67`, `0.25`, `12`. */
export const showNumber = (value: number): string => String(Number(value.toPrecision(5)));
