/** Splits a text into tokens and comments; it reports what it cannot read, and continues with a likely token in its place. */

import type { IToken, TokenType } from 'chevrotain';
import type { Comment } from './ast.ts';
import type { Code } from './codes.ts';
import { type Diagnostic, error } from './diagnostic.ts';
import { limits } from './limits.ts';
import type { Source } from './source.ts';
import { bySpelling, Name, NumberToken, StringToken } from './tokens.ts';

export interface Lexed {
  readonly tokens: IToken[];
  readonly comments: readonly Comment[];
  /** The first diagnostics. */
  readonly diagnostics: readonly Diagnostic[];
  /** How many errors there are beyond those. */
  readonly more: number;
}

/** Spellings of other languages, with the spelling that is meant (`''` for none), and what to type. */
const foreignSpellings: Readonly<Record<string, readonly [means: string, hint: string]>> = {
  '&&': ['and', 'write `and`'],
  '||': ['or', 'write `or`'],
  '!': ['not', 'write `not`'],
  '===': ['==', 'write `==`'],
  '!==': ['!=', 'write `!=`'],
  '<>': ['!=', 'write `!=`'],
  ':=': ['=', 'write `=`'],
  '=>': ['->', 'write `->` before a result type, `=` before a body'],
  '..': ['...', 'write `range(n)` for a range, `a:b` for a slice, `...` for the axes between'],
  ';': ['', 'a line end, or nothing, separates statements'],
  '\\': ['', 'a line may be broken anywhere; leave `\\` out'],
  '?': ['', 'a choice is written: if condition then a else b'],
  '&': ['and', 'write `and`'],
  '|': ['or', 'write `or`'],
  '^': ['**', 'a power is written `**`'],
  '~': ['not', 'write `not`'],
  $: ['', 'a value is named as it is: name'],
};
const updates = ['+=', '-=', '*=', '/=', '//=', '%=', '@=', '**='];

const space = /[ \t\r\n]+/y;
const wordPattern = /[A-Za-z_][A-Za-z0-9_]*/y;
const numberPattern = /\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:e[+-]?\d+(?:_\d+)*)?/y;
/** Matches what looks like a number and is none, to underline it. */
const numberLike = /\.?\d(?:[eE][+-](?=\d)|[A-Za-z0-9_]|\.(?!\.))*/y;
const stringPattern = /"(?:[^"\\\r\n]|\\["\\nt])*"/y;
const stringLike = /"(?:[^"\\\r\n]|\\[^\r\n])*("?)/y;
const singleQuoted = /'(?:[^'\\\r\n]|\\[^\r\n])*'?/y;
const tripleQuoted = /"""[\s\S]*?(?:"""|$)/y;
const blockComment = /\/\*[\s\S]*?(?:\*\/|$)/y;
const foreignPattern = /&&|\|\||[=!]==|<>|:=|=>|\*\*=|\/\/=|[-+*/%@]=|\.\.(?!\.)|!(?!=)|[;\\?&|^~$]/y;
const signPattern = /\.\.\.|->|\*\*|\/\/|[=!<>]=|[-+*/%@=<>()[\]{},:.]/y;
const unknownCharacters = /[^\x20-\x7e\t\r\n]+|[\s\S]/y;

class Cutter {
  readonly tokens: IToken[] = [];
  readonly comments: Comment[] = [];
  readonly diagnostics: Diagnostic[] = [];
  more = 0;
  at: number;
  readonly source: Source;
  constructor(source: Source) {
    this.source = source;
    this.at = source.text.startsWith('\ufeff') ? 1 : 0;
  }

  /** Consumes the text that the pattern matches here; undefined when it matches none. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.source.text)?.[0];
    this.at += match?.length ?? 0;
    return match;
  }

  /** Adds a token for the `length` characters just consumed. */
  push(tokenType: TokenType, image: string, length = image.length): void {
    this.tokens.push({
      image,
      startOffset: this.at - length,
      endOffset: this.at - 1,
      tokenType,
      tokenTypeIdx: tokenType.tokenTypeIdx ?? 0,
    });
  }

  report(code: Code, length: number, message: string, hint: string): void {
    if (this.diagnostics.length === limits.diagnostics) {
      this.more++;
      return;
    }
    const span = { source: this.source, start: this.at - length, end: this.at };
    this.diagnostics.push(error(code, message, { span, hint }));
  }

  comment(): void {
    const end = this.source.text.indexOf('\n', this.at);
    const text = this.source.text.slice(this.at, end < 0 ? undefined : end).trimEnd();
    const span = { source: this.source, start: this.at, end: this.at + text.length };
    this.comments.push({ kind: 'Comment', span, text, doc: text.startsWith('##') });
    this.at = end < 0 ? this.source.text.length : end;
  }

  number(): void {
    const start = this.at;
    const good = this.take(numberPattern);
    const next = this.source.text.slice(this.at, this.at + 3);
    if (good !== undefined && !/^(?:[A-Za-z0-9_]|\.(?!\.))/.test(next)) {
      this.push(NumberToken, good);
      return;
    }
    this.at = start;
    const found = this.take(numberLike) ?? '';
    this.report('N104', found.length, `malformed number \`${found}\``, numberHint(found));
    this.push(NumberToken, '0', found.length);
  }

  string(): void {
    if (this.source.text.startsWith('"""', this.at)) {
      const found = this.take(tripleQuoted) ?? '';
      this.report('N101', found.length, 'a string ends on its line', 'a comment begins with `#`');
      return;
    }
    const good = this.take(stringPattern);
    if (good !== undefined) {
      this.push(StringToken, good);
      return;
    }
    const found = this.take(stringLike) ?? '"';
    const closed = found.length > 1 && /^(?:[^\\]|\\.)*"$/.test(found.slice(1));
    if (closed)
      this.report('N103', found.length, 'unknown escape in a string', 'the escapes are \\" \\\\ \\n \\t');
    else this.report('N103', found.length, 'the string does not end on its line', 'close it with `"`');
    this.push(StringToken, '""', found.length);
  }

  stranger(): void {
    const quoted = this.take(singleQuoted);
    if (quoted !== undefined) {
      const inner = quoted.slice(1, quoted.length > 1 && quoted.endsWith("'") ? -1 : undefined);
      this.report('N101', quoted.length, 'strings are written with double quotes', `write "${inner}"`);
      this.push(StringToken, JSON.stringify(inner), quoted.length);
      return;
    }
    const piece = this.take(unknownCharacters) ?? '';
    const first = String.fromCodePoint(piece.codePointAt(0) ?? 0);
    this.report('N101', piece.length, `unexpected character ${nameOf(first)}`, strangerHint(first));
  }
}

function numberHint(found: string): string {
  if (/^\.\d+$/.test(found)) return `write 0${found}`;
  if (/^\d+\.$/.test(found)) return `write ${found}0, or ${found.slice(0, -1)}`;
  if (/^[\d.]+E[+-]?\d+$/.test(found)) return `write ${found.replace('E', 'e')}`;
  if (/^0[xob]/i.test(found)) return 'numbers are written in decimal';
  return 'numbers look like 12, 10_000, 0.5, 1e-6';
}

function nameOf(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return /[\x21-\x7e]/.test(character)
    ? `\`${character}\``
    : /[^\p{C}\p{Z}]/u.test(character)
      ? `\`${character}\` (U+${code})`
      : `U+${code}`;
}

const lookalikes: Readonly<Record<string, string>> = {
  '“': '"',
  '”': '"',
  '‘': '"',
  '’': '"',
  '–': '-',
  '—': '-',
  '−': '-',
  '×': '*',
  '·': '*',
  '÷': '/',
  '≤': '<=',
  '≥': '>=',
  '≠': '!=',
  '→': '->',
  '…': '...',
  π: 'pi',
  '∞': 'inf',
};
function strangerHint(character: string): string {
  const near = lookalikes[character];
  if (near !== undefined) return `write \`${near}\``;
  if (/\p{Z}/u.test(character)) return 'use a plain space';
  return 'outside strings and comments a spec is plain ASCII';
}

export function lex(source: Source): Lexed {
  const cutter = new Cutter(source);
  const { text } = source;
  while (cutter.at < text.length) {
    if (cutter.take(space) !== undefined) continue;
    const c = text.charAt(cutter.at);
    const next = text.charAt(cutter.at + 1);
    if (c === '#') cutter.comment();
    else if (c === '"') cutter.string();
    else if (isDigit(c) || (c === '.' && isDigit(next))) cutter.number();
    else if (/[A-Za-z_]/.test(c)) word(cutter);
    else operator(cutter);
  }
  return cutter;
}

const isDigit = (c: string): boolean => c >= '0' && c <= '9';

function word(cutter: Cutter): void {
  const image = cutter.take(wordPattern) ?? '';
  cutter.push(bySpelling.get(image) ?? Name, image);
}

function operator(cutter: Cutter): void {
  const block = cutter.take(blockComment);
  const other = block === undefined ? cutter.take(foreignPattern) : undefined;
  if (block !== undefined) {
    cutter.report('N101', block.length, 'unexpected `/*`', 'a comment begins with `#`');
  } else if (other !== undefined) translate(cutter, other);
  else sign(cutter);
}

function sign(cutter: Cutter): void {
  const image = cutter.take(signPattern);
  const type = image === undefined ? undefined : bySpelling.get(image);
  if (image === undefined || type === undefined) cutter.stranger();
  else cutter.push(type, image);
}

function translate(cutter: Cutter, image: string): void {
  const update = updates.includes(image);
  const target = cutter.tokens.at(-1)?.image ?? 'x';
  const [means, hint] = update
    ? ['=', `write it out: ${target} = ${target} ${image.slice(0, -1)} ...`]
    : (foreignSpellings[image] ?? ['', '']);
  cutter.report('N101', image.length, `unexpected \`${image}\``, hint);
  const type = bySpelling.get(means);
  if (type !== undefined) cutter.push(type, means, image.length);
}
