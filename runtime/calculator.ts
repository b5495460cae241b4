/**
 * nanochat's calculator: what its engine evaluates between `<|python_start|>` and `<|python_end|>`, by a parser of our own.
 * Arithmetic over digits and `+-*\/.()` (with `//`, without `**`), or a string expression with `.count(`; what Python says
 * of it, in Python's spelling: `7/2` is `3.5`, `6/2` is `3.0`, whole numbers have any length.
 */

/** Undefined where nanochat's engine returns nothing: not an expression, a division by zero, another tool. */
export function calculate(code: string): string | undefined {
  const text = code.replaceAll(',', '');
  try {
    if (/^[0-9*+\-/.() ]*$/.test(text)) return text.includes('**') ? undefined : shown(arithmetic(text));
    return text.includes('.count(') && /^[A-Za-z0-9'"()._ ]*$/.test(text) ? stringText(text) : undefined;
  } catch (cause) {
    if (cause instanceof NoResult) return undefined;
    throw cause;
  }
}

class NoResult extends Error {}

const none = (): never => {
  throw new NoResult();
};

/** Whole numbers stay whole, as Python's do. */
type Num = bigint | number;

/** Nesting of parentheses and signs; close to Python's own limit. */
const mostNesting = 90;

interface Reader<T> {
  /** The next token, without taking it. */
  peek(): T | undefined;
  take(): T;
}

function reader<T>(tokens: readonly T[]): Reader<T> {
  let at = 0;
  return { peek: () => tokens[at], take: () => tokens[at++] ?? none() };
}

const numeric = /\s*(\d+\.?\d*|\.\d+|\/\/|[-+*/()])/y;

function arithmetic(text: string): Num {
  const tokens = reader(tokensOf(text, numeric));
  const value = sum(tokens, 0);
  return tokens.peek() === undefined ? value : none();
}

function tokensOf(text: string, pattern: RegExp): readonly string[] {
  const found: string[] = [];
  const trimmed = text.trimEnd();
  pattern.lastIndex = 0;
  while (pattern.lastIndex < trimmed.length) {
    const match = pattern.exec(trimmed) ?? none();
    found.push(match[1]!);
  }
  return found;
}

function sum(tokens: Reader<string>, depth: number): Num {
  let value = product(tokens, depth);
  for (let sign = tokens.peek(); sign === '+' || sign === '-'; sign = tokens.peek()) {
    tokens.take();
    const other = product(tokens, depth);
    value = both(
      value,
      sign === '+' ? other : -other,
      (a, b) => a + b,
      (a, b) => a + b,
    );
  }
  return value;
}

function product(tokens: Reader<string>, depth: number): Num {
  let value = signed(tokens, depth);
  for (let op = tokens.peek(); op === '*' || op === '/' || op === '//'; op = tokens.peek()) {
    tokens.take();
    const other = signed(tokens, depth);
    if (op === '*')
      value = both(
        value,
        other,
        (a, b) => a * b,
        (a, b) => a * b,
      );
    else if (other === 0n || other === 0) return none();
    else
      value = op === '/' ? quotient(value, other) : both(value, other, floored, (a, b) => Math.floor(a / b));
  }
  return value;
}

function signed(tokens: Reader<string>, depth: number): Num {
  if (depth > mostNesting) return none();
  const token = tokens.take();
  if (token === '-') return -signed(tokens, depth + 1);
  if (token === '+') return signed(tokens, depth + 1);
  if (token === '(') {
    const value = sum(tokens, depth + 1);
    return tokens.take() === ')' ? value : none();
  }
  if (!/^[\d.]/.test(token)) return none();
  if (token.includes('.')) return Number(token);
  // Python takes no whole number with leading zeros, but for zero itself.
  return /^0+[1-9]/.test(token) ? none() : BigInt(token);
}

function both(
  a: Num,
  b: Num,
  whole: (a: bigint, b: bigint) => bigint,
  real: (a: number, b: number) => number,
): Num {
  return typeof a === 'bigint' && typeof b === 'bigint' ? whole(a, b) : real(finite(a), finite(b));
}

/** A whole number too large for a float is an OverflowError. */
function finite(value: Num): number {
  const real = Number(value);
  return typeof value === 'bigint' && !Number.isFinite(real) ? none() : real;
}

function floored(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
}

/** Divides integers with a single rounding, as Python does: directly up to 2^53, and by long division beyond. */
function quotient(a: Num, b: Num): number {
  if (typeof a !== 'bigint' || typeof b !== 'bigint') return finite(a) / finite(b);
  const [x, y] = [Number(a), Number(b)];
  if (Number.isSafeInteger(x) && Number.isSafeInteger(y)) return x / y;
  return longQuotient(a, b);
}

function longQuotient(a: bigint, b: bigint): number {
  const negative = a < 0n !== b < 0n;
  const [n, d] = [a < 0n ? -a : a, b < 0n ? -b : b];
  if (n === 0n) return 0;
  // 66 bits or more of the quotient, the rest kept as a sticky last bit: Number() then rounds once, to even.
  const shift = BigInt(Math.max(0, 66 - (n.toString(2).length - d.toString(2).length)));
  const scaled = n << shift;
  const q = (scaled / d) * 2n + (scaled % d === 0n ? 0n : 1n);
  const value = Number(q) / 2 ** (Number(shift) + 1);
  if (!Number.isFinite(value)) return none();
  return negative ? -value : value;
}

const shown = (value: Num): string => (typeof value === 'bigint' ? String(value) : pythonFloat(value));

/** A float as Python's repr writes it: with the fewest digits that identify it, and an exponent below 1e-4 and from 1e16 on. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? '-' : '+';
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const text =
    exponent < 0
      ? value.toFixed(Math.max(0, digits.replace(/[-.]/g, '').length - 1 - exponent))
      : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

const textual = /\s*('[^']*'|"[^"]*"|[A-Za-z_][A-Za-z_0-9]*|[().])/y;

/** A string, or the number that its last method gives. */
type Value = string | number;

const methods: Readonly<Record<string, (text: string, argument: string | undefined) => Value>> = {
  count: (text, part) => occurrences(text, part ?? none()),
  lower: (text, part) => (part === undefined ? text.toLowerCase() : none()),
  upper: (text, part) => (part === undefined ? text.toUpperCase() : none()),
  strip: (text, part) => (part === undefined ? text.trim() : none()),
};

/** Without overlaps; the empty text is found between all characters. */
const occurrences = (text: string, part: string): number =>
  part === '' ? text.length + 1 : text.split(part).length - 1;

function stringText(text: string): string {
  const tokens = reader(tokensOf(text, textual));
  const value = chain(tokens, 0);
  return tokens.peek() === undefined ? String(value) : none();
}

function chain(tokens: Reader<string>, depth: number): Value {
  let value = literal(tokens, depth);
  while (tokens.peek() === '.') {
    tokens.take();
    const name = tokens.take();
    const method = Object.hasOwn(methods, name) ? methods[name]! : none();
    if (tokens.take() !== '(') return none();
    const argument = tokens.peek() === ')' ? undefined : chain(tokens, depth + 1);
    if (tokens.take() !== ')' || typeof value !== 'string' || typeof argument === 'number') return none();
    value = method(value, argument);
  }
  return value;
}

function literal(tokens: Reader<string>, depth: number): Value {
  if (depth > mostNesting) return none();
  const token = tokens.take();
  if (token === '(') {
    const value = chain(tokens, depth + 1);
    return tokens.take() === ')' ? value : none();
  }
  if (!/^['"]/.test(token)) return none();
  let text = token.slice(1, -1);
  while (/^['"]/.test(tokens.peek() ?? '')) text += tokens.take().slice(1, -1); // neighbours are one string
  return text;
}
