/**
 * Split patterns of tiktoken, which are written for Rust's fancy-regex, as JavaScript's RegExp.
 *
 * What RegExp lacks on Node 20 is put into other words: possessive quantifiers and atomic groups become a lookahead and a
 * reference to what it saw, `(?i:...)` lists both cases, and `\s`, `\d`, `\w` and `.` mean what they mean in Rust.
 */

export class PatternProblem extends Error {}

/** A RegExp that matches as the pattern does in Rust. Throws `PatternProblem` for syntax that it does not know. */
export function splitPattern(pattern: string): RegExp {
  const reader: Reader = { text: [...pattern], at: 0, atoms: 0 };
  const body = alternatives(reader, false);
  if (reader.at < reader.text.length) throw new PatternProblem('a parenthesis closes nothing');
  return new RegExp(body, 'gu');
}

interface Reader {
  readonly text: readonly string[];
  at: number;
  /** Atomic groups so far, which are numbered groups of the RegExp. */
  atoms: number;
}

const peek = (r: Reader, ahead = 0): string | undefined => r.text[r.at + ahead];

function take(r: Reader): string {
  const c = r.text[r.at++];
  if (c === undefined) throw new PatternProblem('the pattern ends too early');
  return c;
}

const startsWith = (r: Reader, word: string): boolean => [...word].every((c, i) => peek(r, i) === c);

function eat(r: Reader, word: string): boolean {
  const there = startsWith(r, word);
  if (there) r.at += [...word].length;
  return there;
}

// alternatives: sequence ('|' sequence)*
function alternatives(r: Reader, folded: boolean): string {
  let out = '';
  let fold = folded;
  while (r.at < r.text.length && peek(r) !== ')') {
    if (eat(r, '|')) out += '|';
    else if (eat(r, '(?i)')) fold = true;
    else out += quantified(r, fold);
  }
  return out;
}

const possessive = (r: Reader, body: string): string => {
  const name = `a${r.atoms++}`;
  return `(?=(?<${name}>${body}))\\k<${name}>`;
};

// quantified: atom ('*' | '+' | '?' | '{n,m}') ('?' | '+')?
function quantified(r: Reader, fold: boolean): string {
  const body = atom(r, fold);
  const quantifier = readQuantifier(r);
  if (quantifier === '') return body;
  if (eat(r, '+')) return possessive(r, body + quantifier);
  return body + quantifier + (eat(r, '?') ? '?' : '');
}

function readQuantifier(r: Reader): string {
  const c = peek(r);
  if (c === '*' || c === '+' || c === '?') return take(r);
  if (c !== '{') return '';
  const close = r.text.indexOf('}', r.at);
  const text = r.text.slice(r.at, close + 1).join('');
  if (!/^\{\d+(,\d*)?\}$/.test(text)) throw new PatternProblem(`the quantifier ${text}`);
  r.at = close + 1;
  return text;
}

const groups: Readonly<Record<string, string>> = {
  '(?:': '(?:',
  '(?=': '(?=',
  '(?!': '(?!',
  '(?<=': '(?<=',
  '(?<!': '(?<!',
};

function atom(r: Reader, fold: boolean): string {
  const c = peek(r);
  if (c === '(') return group(r, fold);
  if (c === '[') return charClass(r, fold);
  if (c === '*' || c === '+' || c === '?' || c === '{') throw new PatternProblem(`${c} repeats nothing`);
  take(r);
  if (c === '\\') return escaped(r, fold).alone;
  if (c === '.') return '[^\\n]';
  if (c === '^' || c === '$') return c;
  return literal(c!, fold);
}

function group(r: Reader, folded: boolean): string {
  const close = (body: string): string => {
    if (!eat(r, ')')) throw new PatternProblem('a parenthesis is not closed');
    return body;
  };
  if (eat(r, '(?>')) return possessive(r, close(alternatives(r, folded)));
  if (eat(r, '(?i:')) return `(?:${close(alternatives(r, true))})`;
  const open = Object.keys(groups).find((word) => startsWith(r, word));
  if (!open && startsWith(r, '(?')) {
    throw new PatternProblem(`the group ${r.text.slice(r.at, r.at + 4).join('')}`);
  }
  eat(r, open ?? '(');
  return `${groups[open ?? '(?:']}${close(alternatives(r, folded))})`;
}

/** Characters outside ASCII that equal an ASCII letter when case is ignored. */
const caseVariants: Readonly<Record<string, string>> = { s: '\u017f', k: '\u212a' };

function cases(c: string): readonly string[] {
  const [low, high] = [c.toLowerCase(), c.toUpperCase()];
  if (low === high) return [c];
  if (!/^[a-z]$/.test(low)) throw new PatternProblem(`the letter ${c} without regard to case`);
  return [low, high, ...(caseVariants[low] ?? '')];
}

const code = (c: string): string => `\\u{${c.codePointAt(0)!.toString(16)}}`;
const plain = (c: string): string => (/^[A-Za-z0-9 <>=!'"@#%&,:;_~`]$/.test(c) ? c : code(c));

function literal(c: string, fold: boolean): string {
  const all = fold ? cases(c) : [c];
  return all.length === 1 ? plain(all[0]!) : `[${all.map(plain).join('')}]`;
}

interface Escape {
  readonly alone: string;
  /** The set as a member of a class, where it has no brackets of its own. */
  readonly member: string;
  /** The character, for an escape of a single one. */
  readonly char?: string;
}

/** Rust's perl classes, which are Unicode's. */
const sets: Readonly<Record<string, string>> = {
  s: '\\p{White_Space}',
  S: '\\P{White_Space}',
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  w: '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}',
};
const controls: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  a: '\x07',
};

function escaped(r: Reader, fold: boolean): Escape {
  const c = take(r);
  const set = sets[c];
  if (set) return { alone: c === 'w' ? `[${set}]` : set, member: set };
  if (c === 'p' || c === 'P') return property(r, c, fold);
  const char = controls[c] ?? (c === 'x' || c === 'u' ? numbered(r, c) : c);
  if (char === c && /[A-Za-z0-9]/.test(c)) throw new PatternProblem(`the escape \\${c}`);
  return { alone: literal(char, fold), member: plain(char), char };
}

function closing(r: Reader): number {
  const close = r.text.indexOf('}', r.at);
  if (close < 0) throw new PatternProblem('a brace is not closed');
  return close;
}

function property(r: Reader, kind: string, fold: boolean): Escape {
  let name = take(r);
  if (name === '{') {
    const close = closing(r);
    name = r.text.slice(r.at, close).join('');
    r.at = close + 1;
  }
  const set = [name, `Script=${name}`].map((n) => `\\${kind}{${n}}`).find(isSet);
  if (!set) throw new PatternProblem(`the class \\${kind}{${name}}`);
  if (fold && /^L[ult]$/.test(name)) throw new PatternProblem(`${set} without regard to case`);
  return { alone: set, member: set };
}

function isSet(set: string): boolean {
  try {
    return new RegExp(set, 'u').unicode;
  } catch {
    return false;
  }
}

function numbered(r: Reader, kind: 'x' | 'u'): string {
  const close = peek(r) === '{' ? closing(r) : r.at + (kind === 'x' ? 2 : 4);
  const text = r.text.slice(r.at, close).join('').replace('{', '');
  const point = /^[0-9a-fA-F]{1,6}$/.test(text) ? Number.parseInt(text, 16) : 2 ** 24;
  if (point > 0x10ffff) throw new PatternProblem(`the character \\${kind}${text}`);
  r.at = peek(r) === '{' ? close + 1 : close;
  return String.fromCodePoint(point);
}

// class: '[' '^'? (member | member '-' member)+ ']'
function charClass(r: Reader, fold: boolean): string {
  take(r);
  const negated = eat(r, '^');
  let out = '';
  while (out === '' || peek(r) !== ']') {
    if (startsWith(r, '[') || startsWith(r, '&&') || startsWith(r, '--') || startsWith(r, '~~'))
      throw new PatternProblem('a class made of classes');
    const first = member(r, fold);
    const isRange = first.char !== undefined && peek(r) === '-' && peek(r, 1) !== ']';
    out += isRange ? range(r, first.char, fold) : spread(first, fold);
  }
  take(r);
  return `[${negated ? '^' : ''}${out}]`;
}

const member = (r: Reader, fold: boolean): Escape => {
  const c = take(r);
  return c === '\\' ? escaped(r, fold) : { alone: plain(c), member: plain(c), char: c };
};

const spread = ({ member, char }: Escape, fold: boolean): string =>
  fold && char !== undefined ? cases(char).map(plain).join('') : member;

function range(r: Reader, from: string, fold: boolean): string {
  take(r);
  const to = member(r, fold).char;
  if (to === undefined) throw new PatternProblem('a range that ends in a class');
  const [low, high] = [from.codePointAt(0)!, to.codePointAt(0)!];
  if (low > high) throw new PatternProblem(`the range ${from}-${to}`);
  if (!fold) return `${code(from)}-${code(to)}`;
  if (high > 0x7f) throw new PatternProblem(`the range ${from}-${to} without regard to case`);
  const all = Array.from({ length: high - low + 1 }, (_, i) => String.fromCodePoint(low + i));
  return all.flatMap(cases).map(plain).join('');
}
