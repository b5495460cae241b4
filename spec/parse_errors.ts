/** Messages for what the parser could not read, with what was probably meant. */

import {
  EOF,
  type IParserErrorMessageProvider,
  type IRecognitionException,
  type IToken,
  type TokenType,
} from 'chevrotain';
import type { Code } from './codes.ts';
import { type Diagnostic, error } from './diagnostic.ts';
import { own } from './own.ts';
import type { ErrorPlace, Unclosed } from './parse_recovery.ts';
import { position, type Source, type Span } from './source.ts';
import { isReserved, Name, signs, spelling } from './tokens.ts';

const label = (type: TokenType): string => type.LABEL ?? type.name;

/** Names of productions in messages. */
const productionNames: Readonly<Record<string, string>> = {
  file: '`include`, `block`, `fn` or `model`',
  model: '`config`, `checkpoint`, a block or a member',
  item: 'a member, a constant, `fn`, `forward`, `if` or `require`',
  items: 'a member, a constant, `fn`, `forward`, `if` or `require`',
  config: '`name = value` or `expect`',
  entry: '`=` or `from`',
  checkpoint: '`prefix`, `ignore` or `tied`',
  kind: 'a type, as [n], or a block',
  body: '`=` or `{`',
  statement: 'an assignment, `for`, `if` or `return`',
  statements: 'an assignment, `for`, `if` or `return`',
  result: 'a type, as [B, T, n]',
  keys: 'a string',
  text: 'a string',
};
const thing = (rule: string): string => productionNames[rule] ?? 'a value';

/** Messages say what was expected; `explain` adds what was found. */
export const messages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => label(expected),
  buildNotAllInputParsedMessage: () => thing('file'),
  buildNoViableAltMessage: ({ ruleName }) => thing(ruleName),
  buildEarlyExitMessage: ({ ruleName }) => thing(ruleName),
};

/** Keywords of other languages, with what to type instead. */
const foreignWords: Readonly<Record<string, string>> = {
  let: 'leave `let` out: name = value',
  var: 'leave `var` out: name = value',
  const: 'leave `const` out: name = value',
  param: 'leave `param` out: name: [sizes]',
  def: 'a function is written: fn name(x) = ...',
  function: 'a function is written: fn name(x) = ...',
  func: 'a function is written: fn name(x) = ...',
  class: 'a module is written: block Name(sizes) { ... }',
  module: 'a module is written: block Name(sizes) { ... }',
  import: 'another file is included: include "file.nanospec" as name',
  elif: 'write `else if`',
  while: 'loops are `for i in range(n) { ... }`, decided when compiling',
  assert: 'write: require condition, "what must hold"',
  self: 'members are named as they are, without `self`',
  lambda: 'name the function: fn name(x) = ...',
  rotary: 'a rotary table is a member: rope: Rotary(head, length=n)',
  state: 'memory is written: seen = cache(x, last=n)',
};

export function explain(
  source: Source,
  tokens: readonly IToken[],
  problem: IRecognitionException,
  where: ErrorPlace,
): Diagnostic {
  const { token } = problem;
  const rule = problem.context.ruleStack.at(-1) ?? '';
  const ends = problem.message === label(signs.closeBrace) && rule in productionNames;
  const message = where.value ? 'a value' : ends ? `${productionNames[rule]}, or \`}\`` : problem.message;
  const at = tokens.indexOf(token);
  const before = tokens[(at < 0 ? tokens.length : at) - 1];
  const span = spanOf(source, token, before);
  if (token.tokenType === EOF) return unfinished(source, tokens, span, message);
  const last = where.early ? tokens[where.at] : undefined;
  if (last) {
    const text = `unexpected end of the line after ${spelling(last)}`;
    const back = message === label(signs.equals) ? { hint: 'what is given back stands behind `return`' } : {};
    return error('N102', text, { span: spanOf(source, last, undefined), expected: message, ...back });
  }
  const name = isReserved(token.tokenType) && (message === label(Name) || declares(tokens[at + 1], rule));
  const code: Code = name ? 'N107' : 'N102';
  const text = name
    ? `\`${token.image}\` is a word of the language and cannot be a name`
    : `unexpected ${spelling(token)}`;
  const hint = hintFor(token, before, tokens, problem.context.ruleStack);
  return error(code, text, { span, ...(name ? {} : { expected: message }), ...(hint ? { hint } : {}) });
}

/** Whether a word followed by this token was meant as a name. */
const declares = (next: IToken | undefined, rule: string): boolean =>
  rule in productionNames && (next?.tokenType === signs.colon || next?.tokenType === signs.equals);

function spanOf(source: Source, token: IToken, before: IToken | undefined): Span {
  if (!Number.isNaN(token.startOffset)) {
    return { source, start: token.startOffset, end: (token.endOffset ?? token.startOffset) + 1 };
  }
  const end = before ? (before.endOffset ?? before.startOffset) + 1 : source.text.trimEnd().length;
  return { source, start: Math.max(0, end - 1), end };
}

/** At the end of the file, reports what was opened and never closed instead of what was expected. */
function unfinished(source: Source, tokens: readonly IToken[], span: Span, expected: string): Diagnostic {
  const open: IToken[] = [];
  for (const token of tokens) {
    if (opens.includes(token.tokenType)) open.push(token);
    else if (closes.includes(token.tokenType)) open.pop();
  }
  const last = open.at(-1);
  if (!last) return error('N105', 'the file ends in the middle of something', { span, expected });
  const close = closes[opens.indexOf(last.tokenType)]!;
  return error('N105', `\`${last.image}\` is never closed`, {
    span: { source, start: last.startOffset, end: last.startOffset + 1 },
    expected,
    found: 'the end of the file',
    hint: `close it with ${label(close)}`,
  });
}

/** A `}` is missing, and the indentation shows where. */
export function neverClosed(source: Source, { brace, next }: Unclosed): Diagnostic {
  const { line } = position(source, next.startOffset);
  return error('N105', '`{` is never closed', {
    span: { source, start: brace.startOffset, end: brace.startOffset + 1 },
    expected: `\`}\` before line ${line}`,
    found: `${spelling(next)}, too far left to be inside`,
    hint: 'close it with `}`',
  });
}

/** `config:` for `config {`, seen where the parser stumbles over the first line inside. */
export function unbraced(source: Source, tokens: readonly IToken[], at: number): Diagnostic | undefined {
  const near = tokens.slice(Math.max(0, at - 3), at + 1);
  const colon = near.find(
    (t, i) => t.tokenType === signs.colon && /^(?:config|checkpoint)$/.test(near[i - 1]?.image ?? ''),
  );
  if (!colon) return undefined;
  const word = tokens[tokens.indexOf(colon) - 1]!.image;
  return error('N102', 'unexpected `:`', {
    span: spanOf(source, colon, undefined),
    expected: '`{`',
    hint: `what belongs to it stands in braces: ${word} { ... }`,
  });
}

const opens: readonly TokenType[] = [signs.open, signs.openBracket, signs.openBrace];
const closes: readonly TokenType[] = [signs.close, signs.closeBracket, signs.closeBrace];

function hintFor(
  token: IToken,
  before: IToken | undefined,
  tokens: readonly IToken[],
  rules: readonly string[],
): string | undefined {
  const word = own(foreignWords, before?.image ?? '') ?? own(foreignWords, token.image);
  if (word !== undefined) return word;
  const inside = (rule: string): boolean => rules.includes(rule);
  const { image, tokenType } = token;
  if (tokenType === Name && /^(?:keys|text)$/.test(rules.at(-1) ?? '')) return `write "${image}"`;
  if (image === 'if' && before && wantsOperand(before))
    return 'put it in parentheses: x + (if c then a else b)';
  const named = declares(tokens[tokens.indexOf(token) + 1], rules.at(-1) ?? '');
  if (image === 'in' && !named) return 'membership is a function: contains(list, x)';
  if (isReserved(tokenType) && !inside('args') && before?.image !== '.') {
    return `choose another name; the checkpoint's can be kept: name: [n] from "${image}"`;
  }
  if (image === ':' && inside('args')) return 'arguments are named with `=`: axis=1';
  if (image === ':' && before?.image === ')') return 'what belongs to it stands in braces: { ... }';
  if (image === '=' && inside('args')) return "only a plain name can be an argument's name";
  if (image === '==') return '`=` gives a value, `==` compares two';
  if (image === '->') return 'a result type stands after `forward(...)` or `fn name(...)`';
  if (image === '*' && before?.image === '*') return 'a power is written `**`';
  if (closes.includes(tokenType)) return closeHint(token, tokens);
  if (startsValue(token) && before && endsValue(before)) return 'is a `,` or an operator missing?';
  return undefined;
}

function closeHint(token: IToken, tokens: readonly IToken[]): string | undefined {
  const open: IToken[] = [];
  for (const t of tokens) {
    if (t === token) break;
    if (opens.includes(t.tokenType)) open.push(t);
    else if (closes.includes(t.tokenType)) open.pop();
  }
  const last = open.at(-1);
  if (!last || (last.tokenType === signs.openBrace && token.tokenType !== signs.closeBrace)) {
    return `no ${label(opens[closes.indexOf(token.tokenType)]!)} is open here`;
  }
  const wanted = closes[opens.indexOf(last.tokenType)]!;
  return wanted === token.tokenType ? undefined : `\`${last.image}\` is closed with ${label(wanted)}`;
}

const wantsOperand = ({ image }: IToken): boolean => /^(?:[-+*/%@]+|and|or|not)$/.test(image);
const startsValue = ({ image }: IToken): boolean => /^[\w"([]/.test(image);
const endsValue = ({ image }: IToken): boolean => /[\w")\]]$/.test(image);
