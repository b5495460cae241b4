/** The grammar of types and expressions. Each method has its production above it and builds nodes, nothing else. */

import { EmbeddedActionsParser, type IParserConfig, type IToken, type ParserMethod } from 'chevrotain';
import type {
  Argument,
  BinaryOp,
  Comprehension,
  Ellipsis,
  Expr,
  List,
  NumberLiteral,
  Path,
  Shape,
  Slice,
  Text,
  Type,
  Word as WordNode,
} from './ast.ts';
import type { Source, Span } from './source.ts';
import {
  CompareOp,
  DTypeWord,
  Name,
  NumberToken,
  ProductOp,
  reserved,
  StringToken,
  signs,
  vocabulary,
  Word,
} from './tokens.ts';
import type { DType } from './type.ts';

export type Production<T> = ParserMethod<[], T>;

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', '\\': '\\' };
const unescaped = (image: string): string =>
  image.slice(1, -1).replace(/\\(.)/g, (all, c: string) => escapes[c] ?? all);

const nowhere: Source = { name: '', text: '' };

export abstract class ExpressionGrammar extends EmbeddedActionsParser {
  source: Source = nowhere;
  /** Second and later comparisons of a chain: `c` of `a < b < c`. */
  chained: IToken[] = [];

  constructor(options: IParserConfig) {
    super([...vocabulary], options);
  }

  /** RULE, with the node's type taken from where it is assigned. */
  protected rule<T>(name: string, build: () => T): Production<T> {
    return this.RULE(name, build);
  }

  /** From a production's first token to the last one read; NaN after error recovery, which marks the node as broken. */
  protected from(first: IToken): Span {
    const last = this.LA(0);
    const empty = last.startOffset < first.startOffset;
    return { source: this.source, start: first.startOffset, end: empty ? first.startOffset : endOf(last) };
  }

  protected wordOf = (token: IToken): WordNode => ({
    kind: 'Word',
    text: token.image,
    span: this.spanOf(token),
  });

  protected spanOf = (token: IToken): Span => ({
    source: this.source,
    start: token.startOffset,
    end: endOf(token),
  });

  /** NAME */
  protected name = (): WordNode => this.wordOf(this.CONSUME(Name));

  // STRING
  readonly text: Production<Text> = this.rule('text', () => {
    const token = this.CONSUME(StringToken);
    return { kind: 'Text', value: unescaped(token.image), span: this.spanOf(token) };
  });

  // path = NAME { "." WORD } ;
  readonly path: Production<Path> = this.rule('path', () => {
    const first = this.LA(1);
    const words = [this.name()];
    this.MANY(() => {
      this.CONSUME(signs.dot);
      words.push(this.wordOf(this.CONSUME(Word)));
    });
    return { kind: 'Path', words, span: this.from(first) };
  });

  // type = [ DTYPE ] shape ;
  readonly type: Production<Type> = this.rule('type', () => {
    const first = this.LA(1);
    const dtype = this.OPTION(() => this.CONSUME(DTypeWord).image as DType) ?? 'float';
    const shape = this.SUBRULE(this.shape);
    return { kind: 'Type', dtype, shape, span: this.from(first) };
  });

  // shape = "[" [ size { "," size } ] "]" ;
  readonly shape: Production<Shape> = this.rule('shape', () => {
    const first = this.CONSUME(signs.openBracket);
    const sizes: (Ellipsis | Expr)[] = [];
    this.MANY_SEP({ SEP: signs.comma, DEF: () => sizes.push(this.SUBRULE(this.size)) });
    this.CONSUME(signs.closeBracket);
    return { kind: 'Shape', sizes, span: this.from(first) };
  });

  // size = "..." | expr ;
  readonly size: Production<Ellipsis | Expr> = this.rule('size', () =>
    this.OR<Ellipsis | Expr>([
      { ALT: () => this.ellipsis(this.CONSUME(signs.ellipsis)) },
      { ALT: () => this.SUBRULE(this.expr) },
    ]),
  );

  // expr = "if" expr "then" expr "else" expr | or ;
  readonly expr: Production<Expr> = this.rule('expr', () =>
    this.OR<Expr>([
      { ALT: () => this.SUBRULE(this.conditional) },
      { ALT: () => this.SUBRULE(this.disjunction) },
    ]),
  );

  protected readonly conditional: Production<Expr> = this.rule('conditional', () => {
    const first = this.CONSUME(reserved.if);
    const test = this.SUBRULE(this.expr);
    this.CONSUME(reserved.then);
    const then = this.SUBRULE1(this.expr);
    this.CONSUME(reserved.else);
    const other = this.SUBRULE2(this.expr);
    return { kind: 'If', test, then, else: other, span: this.from(first) };
  });

  // or = and { "or" and } ;
  protected readonly disjunction: Production<Expr> = this.rule('disjunction', () => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.conjunction);
    this.MANY(() => {
      this.CONSUME(reserved.or);
      const right = this.SUBRULE1(this.conjunction);
      left = this.binary('or', left, right, first);
    });
    return left;
  });

  // and = not { "and" not } ;
  protected readonly conjunction: Production<Expr> = this.rule('conjunction', () => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.negation);
    this.MANY(() => {
      this.CONSUME(reserved.and);
      const right = this.SUBRULE1(this.negation);
      left = this.binary('and', left, right, first);
    });
    return left;
  });

  // not = "not" not | compare ;
  protected readonly negation: Production<Expr> = this.rule('negation', () =>
    this.OR<Expr>([
      {
        ALT: () => {
          const first = this.CONSUME(reserved.not);
          const operand = this.SUBRULE(this.negation);
          return { kind: 'Unary', op: 'not', operand, span: this.from(first) };
        },
      },
      { ALT: () => this.SUBRULE(this.compare) },
    ]),
  );

  // compare = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ] ;    (a chain is read on, and reported)
  protected readonly compare: Production<Expr> = this.rule('compare', () => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.sum);
    let seen = 0;
    this.MANY(() => {
      const op = this.CONSUME(CompareOp);
      if (seen++ > 0) this.chained.push(op);
      const right = this.SUBRULE1(this.sum);
      left = this.binary(op.image, left, right, first);
    });
    return left;
  });

  // sum = term { ( "+" | "-" ) term } ;
  protected readonly sum: Production<Expr> = this.rule('sum', () => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.term);
    this.MANY(() => {
      const op = this.OR([{ ALT: () => this.CONSUME(signs.plus) }, { ALT: () => this.CONSUME(signs.minus) }]);
      const right = this.SUBRULE1(this.term);
      left = this.binary(op.image, left, right, first);
    });
    return left;
  });

  // term = factor { ( "*" | "/" | "//" | "%" | "@" ) factor } ;
  protected readonly term: Production<Expr> = this.rule('term', () => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.factor);
    this.MANY(() => {
      const op = this.CONSUME(ProductOp);
      const right = this.SUBRULE1(this.factor);
      left = this.binary(op.image, left, right, first);
    });
    return left;
  });

  // factor = "-" factor | power ;
  protected readonly factor: Production<Expr> = this.rule('factor', () =>
    this.OR<Expr>([
      {
        ALT: () => {
          const first = this.CONSUME(signs.minus);
          const operand = this.SUBRULE(this.factor);
          return { kind: 'Unary', op: '-', operand, span: this.from(first) };
        },
      },
      { ALT: () => this.SUBRULE(this.power) },
    ]),
  );

  // power = postfix [ "**" factor ] ;
  protected readonly power: Production<Expr> = this.rule('power', () => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.postfix);
    this.OPTION(() => {
      this.CONSUME(signs.power);
      const right = this.SUBRULE(this.factor);
      left = this.binary('**', left, right, first);
    });
    return left;
  });

  // postfix = primary { select | call | "[" subscripts "]" | reshape } ;
  // select = "." WORD ;   call = "(" [ arguments ] ")" ;   reshape = "as" shape ;
  protected readonly postfix: Production<Expr> = this.rule('postfix', () => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.primary);
    this.MANY(() => {
      const object = left;
      left = this.OR<Expr>([
        {
          ALT: () => {
            this.CONSUME(signs.dot);
            const name = this.wordOf(this.CONSUME(Word));
            return { kind: 'Select', object, name, span: this.from(first) };
          },
        },
        {
          ALT: () => {
            const args = this.SUBRULE(this.args);
            return { kind: 'Call', callee: object, args, span: this.from(first) };
          },
        },
        {
          ALT: () => {
            const subscripts = this.SUBRULE(this.subscripts);
            return { kind: 'Index', object, subscripts, span: this.from(first) };
          },
        },
        {
          ALT: () => {
            this.CONSUME(reserved.as);
            const shape = this.SUBRULE(this.shape);
            return { kind: 'As', object, shape, span: this.from(first) };
          },
        },
      ]);
    });
    return left;
  });

  // "(" [ arguments ] ")"          arguments = argument { "," argument } [ "," ] ;
  readonly args: Production<readonly Argument[]> = this.rule('args', () => {
    const args: Argument[] = [];
    this.CONSUME(signs.open);
    this.OPTION(() => {
      args.push(this.SUBRULE(this.argument));
      this.MANY(() => {
        this.CONSUME(signs.comma);
        args.push(this.SUBRULE1(this.argument));
      });
      this.OPTION1(() => this.CONSUME1(signs.comma));
    });
    this.CONSUME(signs.close);
    return args;
  });

  // argument = [ NAME "=" ] expr ;
  protected readonly argument: Production<Argument> = this.rule('argument', () => {
    const first = this.LA(1);
    const name = this.OPTION(() => {
      const word = this.name();
      this.CONSUME(signs.equals);
      return word;
    });
    const value = this.SUBRULE(this.expr);
    return { kind: 'Argument', ...(name && { name }), value, span: this.from(first) };
  });

  // "[" subscripts "]"             subscripts = subscript { "," subscript } ;
  protected readonly subscripts: Production<readonly (Ellipsis | Slice | Expr)[]> = this.rule(
    'subscripts',
    () => {
      const subscripts: (Ellipsis | Slice | Expr)[] = [];
      this.CONSUME(signs.openBracket);
      this.AT_LEAST_ONE_SEP({ SEP: signs.comma, DEF: () => subscripts.push(this.SUBRULE(this.subscript)) });
      this.CONSUME(signs.closeBracket);
      return subscripts;
    },
  );

  // subscript = "..." | expr [ stop ] | stop ;
  protected readonly subscript: Production<Ellipsis | Slice | Expr> = this.rule('subscript', () => {
    const first = this.LA(1);
    return this.OR<Ellipsis | Slice | Expr>([
      { ALT: () => this.ellipsis(this.CONSUME(signs.ellipsis)) },
      {
        ALT: () => {
          const start = this.SUBRULE(this.expr);
          const rest = this.OPTION(() => this.SUBRULE(this.stop));
          return rest ? { kind: 'Slice', start, ...rest, span: this.from(first) } : start;
        },
      },
      {
        ALT: () => {
          const rest = this.SUBRULE1(this.stop);
          return { kind: 'Slice', ...rest, span: this.from(first) };
        },
      },
    ]);
  });

  // stop = ":" [ expr ] [ ":" expr ] ;
  protected readonly stop: Production<Pick<Slice, 'stop' | 'step'>> = this.rule('stop', () => {
    this.CONSUME(signs.colon);
    const stop = this.OPTION(() => this.SUBRULE(this.expr));
    const step = this.OPTION1(() => {
      this.CONSUME1(signs.colon);
      return this.SUBRULE1(this.expr);
    });
    return { ...(stop && { stop }), ...(step && { step }) };
  });

  // primary = NUMBER | STRING | "true" | "false" | "none" | NAME | DTYPE | "(" expr ")" | list ;
  protected readonly primary: Production<Expr> = this.rule('primary', () =>
    this.OR<Expr>([
      { ALT: () => this.number(this.CONSUME(NumberToken)) },
      { ALT: () => this.SUBRULE(this.text) },
      { ALT: () => ({ kind: 'Bool', value: true, span: this.spanOf(this.CONSUME(reserved.true)) }) },
      { ALT: () => ({ kind: 'Bool', value: false, span: this.spanOf(this.CONSUME(reserved.false)) }) },
      { ALT: () => ({ kind: 'None', span: this.spanOf(this.CONSUME(reserved.none)) }) },
      {
        ALT: () => {
          const token = this.CONSUME(Name);
          return { kind: 'Name', text: token.image, span: this.spanOf(token) };
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(DTypeWord);
          return { kind: 'DType', dtype: token.image as DType, span: this.spanOf(token) };
        },
      },
      { ALT: () => this.SUBRULE(this.parenthesised) },
      { ALT: () => this.SUBRULE(this.list) },
    ]),
  );

  // "(" expr ")"                   (the node is the inner one; its span takes the parentheses in)
  protected readonly parenthesised: Production<Expr> = this.rule('parenthesised', () => {
    const first = this.CONSUME(signs.open);
    const inner = this.SUBRULE(this.expr);
    this.CONSUME(signs.close);
    return { ...inner, span: this.from(first) };
  });

  // list = "[" [ expr ( "for" binder "in" expr [ "if" expr ] | { "," expr } [ "," ] ) ] "]" ;
  protected readonly list: Production<List | Comprehension> = this.rule('list', () => {
    const first = this.CONSUME(signs.openBracket);
    const items: Expr[] = [];
    let loop: Omit<Comprehension, 'kind' | 'body' | 'span'> | undefined;
    this.OPTION(() => {
      items.push(this.SUBRULE(this.expr));
      this.OR([
        {
          ALT: () => {
            loop = this.SUBRULE(this.loop);
          },
        },
        {
          ALT: () => {
            this.MANY(() => {
              this.CONSUME(signs.comma);
              items.push(this.SUBRULE1(this.expr));
            });
            this.OPTION1(() => this.CONSUME1(signs.comma));
          },
        },
      ]);
    });
    this.CONSUME(signs.closeBracket);
    const [body] = items;
    if (loop && body) return { kind: 'Comprehension', body, ...loop, span: this.from(first) };
    return { kind: 'List', items, span: this.from(first) };
  });

  // "for" binder "in" expr [ "if" expr ]
  protected readonly loop: Production<Omit<Comprehension, 'kind' | 'body' | 'span'>> = this.rule(
    'loop',
    () => {
      this.CONSUME(reserved.for);
      const binder = this.SUBRULE(this.binder);
      this.CONSUME(reserved.in);
      const over = this.SUBRULE(this.expr);
      const when = this.OPTION(() => {
        this.CONSUME(reserved.if);
        return this.SUBRULE1(this.expr);
      });
      return { binder, over, ...(when && { when }) };
    },
  );

  // binder = NAME [ "," NAME ] ;
  readonly binder: Production<readonly WordNode[]> = this.rule('binder', () => {
    const words = [this.name()];
    this.OPTION(() => {
      this.CONSUME(signs.comma);
      words.push(this.wordOf(this.CONSUME1(Name)));
    });
    return words;
  });

  private ellipsis(token: IToken): Ellipsis {
    return { kind: 'Ellipsis', span: this.spanOf(token) };
  }

  private number(token: IToken): NumberLiteral {
    const value = Number(token.image.replaceAll('_', ''));
    return { kind: 'Number', value, text: token.image, span: this.spanOf(token) };
  }

  /** The lexer gives operator tokens only these spellings. */
  private binary(op: string, left: Expr, right: Expr, first: IToken): Expr {
    return { kind: 'Binary', op: op as BinaryOp, left, right, span: this.from(first) };
  }
}

/** `positionTracking` or not, the end follows from the start. */
const endOf = (token: IToken): number => (token.endOffset ?? token.startOffset + token.image.length - 1) + 1;
