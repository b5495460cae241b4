/** Patterns as Oniguruma, fancy-regex and JavaScript write them, as far as it matters which characters come after which. */

import { limits } from '../../spec/limits.ts';

export type PatternNode =
  /** The character or class, as a pattern of its own. */
  | { readonly kind: 'character'; readonly source: string }
  | { readonly kind: 'row' | 'either'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly least: number; readonly loops: boolean };

/** The pattern and the contents of its lookarounds, each as a pattern of its own. */
export type ParsedPattern = { readonly parts: readonly PatternNode[] } | { readonly problem: string };

/** An exact repetition of more copies than this counts as a loop. */
const mostCopies = 16;

class Unreadable extends Error {}

export function parsePattern(text: string): ParsedPattern {
  const reader: Reader = { text, at: 0, looks: [], depth: 0 };
  try {
    const whole = alternatives(reader);
    if (reader.at < text.length) return { problem: 'a parenthesis closes nothing' };
    return { parts: [whole, ...reader.looks] };
  } catch (cause) {
    if (cause instanceof Unreadable) return { problem: cause.message };
    throw cause;
  }
}

interface Reader {
  readonly text: string;
  at: number;
  readonly looks: PatternNode[];
  depth: number;
}

const empty: PatternNode = { kind: 'row', parts: [] };

// alternatives: row ('|' row)*
function alternatives(r: Reader): PatternNode {
  if (++r.depth > limits.patternGroups)
    throw new Unreadable(`groups are nested more than ${limits.patternGroups} deep`);
  const rows: PatternNode[] = [];
  let row: PatternNode[] = [];
  for (let c = r.text[r.at]; c !== undefined && c !== ')'; c = r.text[r.at]) {
    if (c === '|') {
      r.at++;
      rows.push({ kind: 'row', parts: row });
      row = [];
    } else row.push(quantified(r));
  }
  r.depth--;
  rows.push({ kind: 'row', parts: row });
  return rows.length === 1 ? rows[0]! : { kind: 'either', parts: rows };
}

const quantifier = /(?:[*+?]|\{(\d*)(,?)(\d*)\})[?+]?/y;

// quantified: atom quantifier*
function quantified(r: Reader): PatternNode {
  let node = atom(r);
  for (;;) {
    quantifier.lastIndex = r.at;
    const [whole, low, comma, high] = quantifier.exec(r.text) ?? [];
    if (whole === undefined || (whole[0] === '{' && low === '' && high === '')) return node;
    r.at += whole.length;
    if (whole[0] !== '{') node = repeat(node, whole[0] === '+' ? 1 : 0, whole[0] !== '?');
    else
      node = counted(
        node,
        Number(low),
        comma === '' ? Number(low) : Number(high || Number.POSITIVE_INFINITY),
      );
  }
}

const repeat = (body: PatternNode, least: number, loops: boolean): PatternNode => ({
  kind: 'repeat',
  body,
  least,
  loops,
});

/** Expands an exact repetition into copies; a repetition with a range counts as a loop. */
function counted(body: PatternNode, low: number, high: number): PatternNode {
  if (high <= 1) return repeat(body, low, false);
  if (low === high && high <= mostCopies && body.kind === 'character')
    return { kind: 'row', parts: Array<PatternNode>(high).fill(body) };
  return repeat(body, low, true);
}

const skipped = /\\[bBAzZGK]|[\^$]|\(\?[a-z]*(?:-[a-z]+)?\)|\(\?#[^)]*\)/y;
const opening = /\((?:\?(?:[a-z]*(?:-[a-z]+)?:|[>=!]|<[=!]|P?<\w+>))?/y;
const escaped = /\\(?:[pP]\{\^?[^}]*\}|[pP]\w|[xu]\{[^}]*\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|k<\w+>|[\s\S])/uy;

function match(r: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = r.at;
  const [found] = pattern.exec(r.text) ?? [];
  if (found !== undefined) r.at += found.length;
  return found;
}

function atom(r: Reader): PatternNode {
  if (match(r, skipped) !== undefined) return empty;
  const c = String.fromCodePoint(r.text.codePointAt(r.at)!);
  if (c === '(') return group(r);
  if (c === '[') return { kind: 'character', source: characterClass(r) };
  if (c === '\\') {
    const source = match(r, escaped) ?? throwUnreadable('the pattern ends in a backslash');
    return { kind: 'character', source: /^\\(?:[1-9]|k<)/.test(source) ? '[\\s\\S]' : source };
  }
  r.at += c.length;
  return { kind: 'character', source: c === '.' ? '[^\\n]' : c.replace(/[*+?{}\]/|]/, '\\$&') };
}

function throwUnreadable(problem: string): never {
  throw new Unreadable(problem);
}

function group(r: Reader): PatternNode {
  const open = match(r, opening)!;
  if (r.text[r.at] === '?' && open === '(') throwUnreadable(`the group ${r.text.slice(r.at - 1, r.at + 4)}`);
  const body = alternatives(r);
  if (r.text[r.at++] !== ')') throwUnreadable('a parenthesis is not closed');
  if (!/[=!]$/.test(open)) return body;
  r.looks.push(body);
  return empty;
}

/** With the classes inside it. */
function characterClass(r: Reader): string {
  const start = r.at;
  let depth = 0;
  do {
    const c = r.text[r.at];
    if (c === undefined) throwUnreadable('a class is not closed');
    if (c === '\\') r.at++;
    if (c === '[') depth++;
    if (c === ']') depth--;
    r.at++;
    if (c === '[' && depth === 1 && /^\^?\]/.test(r.text.slice(r.at, r.at + 2)))
      r.at += r.text[r.at] === '^' ? 2 : 1; // a bracket that comes first stands for itself
  } while (depth > 0);
  return r.text.slice(start, r.at);
}

/** Characters of every general category, and of the scripts that patterns name. */
const sampleCharacters =
  'Ééǅʰªﾊӽあアー中가ا' +
  'שनกაԱ\u0300\u093e\u20dd٣Ⅷ½²‿–（）«»¡。∑€ˆ©🌍𝕳\u00a0\u3000\u2028\u2029\u0085\u200d\ufeff\ue000\u0378';

/** Which of the sample characters a pattern for one character matches, as bits; all of them where the pattern cannot be run. */
export function samples(pattern: string): (source: string) => Uint8Array {
  const ascii = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i));
  const all = [...new Set([...ascii, ...sampleCharacters, ...pattern])];
  // Part of it may be without regard to case, which takes more.
  const flags = pattern.includes('(?i') ? 'iu' : 'u';
  const known = new Map<string, Uint8Array>();
  const taken = (source: string): Uint8Array => {
    const bits = new Uint8Array(Math.ceil(all.length / 8));
    const one = [source, source.replace(/\\([pP])\{(\w+)\}/g, '\\$1{Script=$2}')].flatMap((s) =>
      compiled(s, flags),
    )[0];
    for (const [i, c] of all.entries()) if (!one || one.test(c)) bits[i >> 3]! |= 1 << (i & 7);
    return bits.some((b) => b !== 0) ? bits : bits.fill(255);
  };
  return (source) => {
    const found = known.get(source) ?? taken(source);
    known.set(source, found);
    return found;
  };
}

function compiled(source: string, flags: string): readonly RegExp[] {
  try {
    return [new RegExp(`^(?:${source})$`, flags)];
  } catch {
    return [];
  }
}
