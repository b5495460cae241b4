/** The kinds of token of a nanospec text. */

import { createToken, EOF, Lexer, type TokenType } from 'chevrotain';

/** A kind of token. It has no pattern, since the lexer is our own; messages use the label. */
const kind = (name: string, label: string, ...categories: TokenType[]): TokenType =>
  createToken({ name, label, pattern: Lexer.NA, categories });

/** Anything that may stand after a dot. */
export const Word = kind('Word', 'a word');
/** A word that is not reserved. */
export const Name = kind('Name', 'a name', Word);
export const DTypeWord = kind('DTypeWord', 'a dtype', Word);
export const NumberToken = kind('NumberToken', 'a number');
export const StringToken = kind('StringToken', 'a string');
export const CompareOp = kind('CompareOp', 'a comparison');
/** `*` `/` `//` `%` `@` */
export const ProductOp = kind('ProductOp', 'an operator');

/** Named by its spelling in quotes, since productions have the plain names. */
const spelled = (text: string, ...categories: TokenType[]): TokenType =>
  kind(`'${text}'`, `\`${text}\``, ...categories);
const word = (text: string): TokenType => spelled(text, Word);
const sign = (text: string): TokenType => spelled(text);

export const reserved = {
  and: word('and'),
  as: word('as'),
  block: word('block'),
  default: word('default'),
  else: word('else'),
  false: word('false'),
  fn: word('fn'),
  for: word('for'),
  forward: word('forward'),
  from: word('from'),
  if: word('if'),
  in: word('in'),
  include: word('include'),
  none: word('none'),
  not: word('not'),
  or: word('or'),
  require: word('require'),
  return: word('return'),
  then: word('then'),
  true: word('true'),
} as const;

/** Keywords only where the grammar asks for them; names everywhere else. */
export const contextual = {
  model: spelled('model', Name),
  config: spelled('config', Name),
  checkpoint: spelled('checkpoint', Name),
  expect: spelled('expect', Name),
  prefix: spelled('prefix', Name),
  ignore: spelled('ignore', Name),
  tied: spelled('tied', Name),
} as const;

export const signs = {
  ellipsis: sign('...'),
  arrow: sign('->'),
  power: sign('**'),
  minus: sign('-'),
  plus: sign('+'),
  equals: sign('='),
  open: sign('('),
  close: sign(')'),
  openBracket: sign('['),
  closeBracket: sign(']'),
  openBrace: sign('{'),
  closeBrace: sign('}'),
  comma: sign(','),
  colon: sign(':'),
  dot: sign('.'),
} as const;

export const vocabulary: readonly TokenType[] = [
  Word,
  Name,
  DTypeWord,
  NumberToken,
  StringToken,
  CompareOp,
  ProductOp,
  ...Object.values(reserved),
  ...Object.values(contextual),
  ...Object.values(signs),
];

/** Tokens whose spelling decides their kind. */
export const bySpelling: ReadonlyMap<string, TokenType> = new Map([
  ...[...Object.values(reserved), ...Object.values(contextual), ...Object.values(signs)].map(
    (type) => [type.name.slice(1, -1), type] as const,
  ),
  ...['==', '!=', '<=', '>=', '<', '>'].map((op) => [op, CompareOp] as const),
  ...['*', '/', '//', '%', '@'].map((op) => [op, ProductOp] as const),
  ...['float', 'float32', 'float16', 'bfloat16', 'int64', 'bool'].map((d) => [d, DTypeWord] as const),
]);

const reservedTypes: ReadonlySet<TokenType> = new Set([...Object.values(reserved), DTypeWord]);
export const isReserved = (type: TokenType): boolean => reservedTypes.has(type);
/** Whether a text could not be the name of anything. */
export const isReservedWord = (text: string): boolean => isReserved(bySpelling.get(text) ?? Name);

/** How messages spell a token that stands in the text. */
export function spelling(token: { readonly image: string; readonly tokenType: TokenType }): string {
  if (token.tokenType === EOF) return 'the end of the file';
  if (token.tokenType !== StringToken) return `\`${token.image}\``;
  return token.image.length <= 40 ? token.image : `${token.image.slice(0, 37)}..."`;
}
