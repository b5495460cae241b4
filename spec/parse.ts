/** Text to syntax tree. Never throws; with an error there is no tree, and as many independent errors as can be found. */

import type { IToken } from 'chevrotain';
import type { File } from './ast.ts';
import { type Diagnostic, error, firstFew, type Outcome } from './diagnostic.ts';
import { Grammar } from './grammar.ts';
import { lex } from './lex.ts';
import { limits } from './limits.ts';
import { explain, messages, neverClosed, unbraced } from './parse_errors.ts';
import { depth, errorPlace, unclosed, without } from './parse_recovery.ts';
import type { Source } from './source.ts';
import { signs } from './tokens.ts';

let shared: Grammar | undefined;

/** The parser, made when first needed; a test validates its grammar, so that not every start does. */
export const grammar = (): Grammar => {
  shared ??= new Grammar({
    recoveryEnabled: false,
    maxLookahead: 2,
    skipValidations: true,
    nodeLocationTracking: 'none',
    errorMessageProvider: messages,
  });
  return shared;
};

export function parse(source: Source): Outcome<File> {
  if (source.text.length > limits.specLength) return { diagnostics: [tooMuch(source)] };
  const { tokens, comments, diagnostics: found, more } = lex(source);
  // With so many wrong characters, errors of the parser would only repeat them.
  if (more > 0) return { diagnostics: firstFew(found, more) };
  const deep = tooDeep(source, tokens);
  if (deep) return { diagnostics: [...found, deep] };
  const { declarations, chained: chain, problems } = readPieces(source, tokens);
  const chained = chain
    .filter((t) => !Number.isNaN(t.startOffset))
    .map((t) =>
      error('N106', 'comparisons do not chain', {
        span: { source, start: t.startOffset, end: t.startOffset + t.image.length },
        hint: 'write a < b and b < c',
      }),
    );
  const diagnostics = firstFew(inOrder(source, found, [...problems, ...chained]));
  if (diagnostics.length > 0 || !declarations) return { diagnostics };
  const span = { source, start: 0, end: source.text.length };
  return { value: { kind: 'File', source, declarations, comments, span }, diagnostics };
}

interface Read {
  readonly declarations?: File['declarations'];
  readonly chained: readonly IToken[];
  readonly problems: readonly Diagnostic[];
}

/** Continues after an error without the lines around it, so that each reported error is independent. */
function readPieces(source: Source, tokens: readonly IToken[]): Read {
  const parser = grammar();
  const problems: Diagnostic[] = [];
  let left: IToken[] | undefined = [...tokens];
  while (left) {
    parser.source = source;
    parser.chained = [];
    parser.input = left;
    const declarations = readFile(parser);
    if (!declarations) return { chained: [], problems: [...problems, tooLong(source)] };
    const problem = parser.errors[0];
    if (!problem) return { declarations, chained: parser.chained, problems };
    const brace = unclosed(source, left, left.indexOf(problem.token));
    if (brace && problems.length + 1 < limits.diagnostics) {
      problems.push(neverClosed(source, brace));
      left = brace.closed;
      continue;
    }
    // With more braces closed than opened, what is said is of the pieces that were taken out.
    if (problems.length > 0 && depth(left) < 0) break;
    const colon = unbraced(source, left, left.indexOf(problem.token));
    if (colon) return { chained: [], problems: [...problems, colon] };
    const where = errorPlace(source, left, problem.token, problem.context.ruleStack);
    problems.push(explain(source, left, problem, where));
    if (problems.length === limits.diagnostics) break;
    left = without(source, left, where.at);
  }
  return { chained: [], problems };
}

/** Undefined where nesting without brackets (`- - - x`) outgrows the stack. */
function readFile(parser: Grammar): File['declarations'] | undefined {
  try {
    return parser.file() ?? [];
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** Sorts diagnostics by place. What the lexer cannot read also confuses the parser, so of its errors on such a line only the first is kept. */
function inOrder(
  source: Source,
  unread: readonly Diagnostic[],
  problems: readonly Diagnostic[],
): readonly Diagnostic[] {
  const at = (d: Diagnostic): number => d.span?.start ?? 0;
  const lineOf = (d: Diagnostic): number => source.text.lastIndexOf('\n', at(d) - 1);
  const lines = new Set(unread.map(lineOf));
  const own = problems.filter((d) => !lines.has(lineOf(d)));
  return [...unread, ...own].sort((a, b) => at(a) - at(b));
}

const hint = 'give parts of it names of their own';

function tooDeep(source: Source, tokens: readonly IToken[]): Diagnostic | undefined {
  let depth = 0;
  for (const { tokenType, startOffset } of tokens) {
    if (opening.has(tokenType)) depth++;
    if (closing.has(tokenType)) depth--;
    if (depth > limits.brackets) {
      const span = { source, start: startOffset, end: startOffset + 1 };
      return error('N108', `brackets nest more than ${limits.brackets} deep`, { span, hint });
    }
  }
  return undefined;
}

const tooMuch = (source: Source): Diagnostic =>
  error('N321', `the spec has ${source.text.length} characters; ${limits.specLength} is the most`, {
    span: { source, start: 0, end: 0 },
    hint: 'what repeats is a block in a list, and blocks are shared by `include`',
  });

const tooLong = (source: Source): Diagnostic =>
  error('N108', 'an expression nests too deep', { span: { source, start: 0, end: 0 }, hint });

const opening: ReadonlySet<unknown> = new Set([signs.open, signs.openBracket, signs.openBrace]);
const closing: ReadonlySet<unknown> = new Set([signs.close, signs.closeBracket, signs.closeBrace]);
