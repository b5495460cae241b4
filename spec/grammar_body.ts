/** The grammar of functions and statements, between expressions below and files above. */

import type {
  Assign,
  Choose,
  Expr,
  For,
  Forward,
  Function as FunctionNode,
  Input,
  Output,
  Return,
  Signature,
  Statement,
  Statements,
  Target,
} from './ast.ts';
import { ExpressionGrammar, type Production } from './grammar_expr.ts';
import { reserved, signs } from './tokens.ts';

export abstract class BodyGrammar extends ExpressionGrammar {
  // "=" expr
  protected readonly preset: Production<Expr> = this.rule('preset', () => {
    this.CONSUME(signs.equals);
    return this.SUBRULE(this.expr);
  });

  // function = "fn" NAME signature body ;
  protected readonly function: Production<FunctionNode> = this.rule('function', () => {
    const first = this.CONSUME(reserved.fn);
    const name = this.name();
    const signature = this.SUBRULE(this.signature);
    const body = this.SUBRULE(this.body);
    return { kind: 'Function', name, signature, body, span: this.from(first) };
  });

  // forward = "forward" signature body ;
  protected readonly forward: Production<Forward> = this.rule('forward', () => {
    const first = this.CONSUME(reserved.forward);
    const signature = this.SUBRULE(this.signature);
    const body = this.SUBRULE(this.body);
    return { kind: 'Forward', signature, body, span: this.from(first) };
  });

  // signature = "(" [ input { "," input } ] ")" [ "->" result ] ;
  private readonly signature: Production<Signature> = this.rule('signature', () => {
    const first = this.CONSUME(signs.open);
    const inputs: Input[] = [];
    this.MANY_SEP({ SEP: signs.comma, DEF: () => inputs.push(this.SUBRULE(this.parameter)) });
    this.CONSUME(signs.close);
    const outputs = this.OPTION(() => {
      this.CONSUME(signs.arrow);
      return this.SUBRULE(this.result);
    });
    return { kind: 'Signature', inputs, outputs: outputs ?? [], span: this.from(first) };
  });

  // input = NAME [ ":" type ] [ "=" expr ] ;
  private readonly parameter: Production<Input> = this.rule('parameter', () => {
    const first = this.LA(1);
    const { name, type } = this.SUBRULE(this.target);
    const value = this.OPTION(() => this.SUBRULE(this.preset));
    return { kind: 'Input', name, ...(type && { type }), ...(value && { value }), span: this.from(first) };
  });

  // result = output | "(" output { "," output } ")" ;
  private readonly result: Production<readonly Output[]> = this.rule('result', () => {
    const outputs: Output[] = [];
    this.OR([
      { ALT: () => void outputs.push(this.SUBRULE(this.output)) },
      {
        ALT: () => {
          this.CONSUME(signs.open);
          this.AT_LEAST_ONE_SEP({ SEP: signs.comma, DEF: () => outputs.push(this.SUBRULE1(this.output)) });
          this.CONSUME(signs.close);
        },
      },
    ]);
    return outputs;
  });

  // output = [ NAME ":" ] type ;
  private readonly output: Production<Output> = this.rule('output', () => {
    const first = this.LA(1);
    const name = this.OPTION(() => {
      const word = this.name();
      this.CONSUME(signs.colon);
      return word;
    });
    const type = this.SUBRULE(this.type);
    return { kind: 'Output', ...(name && { name }), type, span: this.from(first) };
  });

  // body = "=" expr | statements ;
  private readonly body: Production<Expr | Statements> = this.rule('body', () =>
    this.OR<Expr | Statements>([
      { ALT: () => this.SUBRULE(this.preset) },
      { ALT: () => this.SUBRULE(this.statements) },
    ]),
  );

  // statements = "{" { statement } "}" ;
  private readonly statements: Production<Statements> = this.rule('statements', () => {
    const first = this.CONSUME(signs.openBrace);
    const body: Statement[] = [];
    this.MANY(() => void body.push(this.SUBRULE(this.statement)));
    this.CONSUME(signs.closeBrace);
    return { kind: 'Statements', body, span: this.from(first) };
  });

  // statement = assign | for | choose | return ;
  private readonly statement: Production<Statement> = this.rule('statement', () =>
    this.OR<Statement>([
      { ALT: () => this.SUBRULE(this.assign) },
      { ALT: () => this.SUBRULE(this.forEach) },
      { ALT: () => this.SUBRULE(this.choose) },
      { ALT: () => this.SUBRULE(this.return) },
    ]),
  );

  // assign = target { "," target } "=" values ;
  private readonly assign: Production<Assign> = this.rule('assign', () => {
    const first = this.LA(1);
    const targets: Target[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: signs.comma, DEF: () => targets.push(this.SUBRULE(this.target)) });
    this.CONSUME(signs.equals);
    const values = this.SUBRULE(this.values);
    return { kind: 'Assign', targets, values, span: this.from(first) };
  });

  // target = NAME [ ":" type ] ;
  private readonly target: Production<Target> = this.rule('target', () => {
    const first = this.LA(1);
    const name = this.name();
    const type = this.OPTION(() => {
      this.CONSUME(signs.colon);
      return this.SUBRULE(this.type);
    });
    return { kind: 'Target', name, ...(type && { type }), span: this.from(first) };
  });

  // values = expr { "," expr } ;
  private readonly values: Production<readonly Expr[]> = this.rule('values', () => {
    const values: Expr[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: signs.comma, DEF: () => values.push(this.SUBRULE(this.expr)) });
    return values;
  });

  // for = "for" binder "in" expr statements ;
  private readonly forEach: Production<For> = this.rule('forEach', () => {
    const first = this.CONSUME(reserved.for);
    const binder = this.SUBRULE(this.binder);
    this.CONSUME(reserved.in);
    const over = this.SUBRULE(this.expr);
    const body = this.SUBRULE(this.statements);
    return { kind: 'For', binder, over, body, span: this.from(first) };
  });

  // choose = "if" expr statements [ "else" ( choose | statements ) ] ;
  private readonly choose: Production<Choose> = this.rule('choose', () => {
    const first = this.CONSUME(reserved.if);
    const test = this.SUBRULE(this.expr);
    const then = this.SUBRULE(this.statements);
    const other = this.OPTION(() => {
      this.CONSUME(reserved.else);
      return this.OR<Statements>([
        { ALT: () => this.elseIf(this.SUBRULE(this.choose)) },
        { ALT: () => this.SUBRULE1(this.statements) },
      ]);
    });
    return { kind: 'Choose', test, then, ...(other && { else: other }), span: this.from(first) };
  });

  private elseIf(choose: Choose): Statements {
    return { kind: 'Statements', body: [choose], span: choose?.span };
  }

  // return = "return" values ;
  private readonly return: Production<Return> = this.rule('return', () => {
    const first = this.CONSUME(reserved.return);
    const values = this.SUBRULE(this.values);
    return { kind: 'Return', values, span: this.from(first) };
  });
}
