/** The grammar of files, blocks, configs and statements; expressions are in `grammar_expr.ts`. */

import type { IParserConfig } from 'chevrotain';
import type {
  Block,
  Branch,
  CheckpointBlock,
  Comprehend,
  Config,
  Constant,
  Construct,
  Entry,
  Expect,
  Expr,
  File,
  Ignore,
  Include,
  Item,
  Member,
  Model,
  Param,
  Prefix,
  Require,
  Text,
  Tied,
  Type,
} from './ast.ts';
import { BodyGrammar } from './grammar_body.ts';
import type { Production } from './grammar_expr.ts';
import { contextual, reserved, signs } from './tokens.ts';

export class Grammar extends BodyGrammar {
  constructor(options: IParserConfig) {
    super(options);
    this.performSelfAnalysis();
  }

  // file = { include | block | function | model } ;
  readonly file: Production<File['declarations']> = this.rule('file', () => {
    const declarations: File['declarations'][number][] = [];
    this.MANY(() => {
      const declaration = this.OR<File['declarations'][number]>([
        { ALT: () => this.SUBRULE(this.include) },
        { ALT: () => this.SUBRULE(this.block) },
        { ALT: () => this.SUBRULE(this.function) },
        { ALT: () => this.SUBRULE(this.model) },
      ]);
      declarations.push(declaration);
    });
    return declarations;
  });

  // include = "include" STRING "as" NAME ;
  private readonly include: Production<Include> = this.rule('include', () => {
    const first = this.CONSUME(reserved.include);
    const path = this.SUBRULE(this.text);
    this.CONSUME(reserved.as);
    const name = this.name();
    return { kind: 'Include', path, name, span: this.from(first) };
  });

  // model = "model" NAME "{" { config | checkpoint | block | item } "}" ;
  private readonly model: Production<Model> = this.rule('model', () => {
    const first = this.CONSUME(contextual.model);
    const name = this.name();
    const body: Model['body'][number][] = [];
    this.CONSUME(signs.openBrace);
    this.MANY(() => {
      const part = this.OR<Model['body'][number]>([
        { ALT: () => this.SUBRULE(this.config) },
        { ALT: () => this.SUBRULE(this.checkpoint) },
        { ALT: () => this.SUBRULE(this.block) },
        { ALT: () => this.SUBRULE(this.item) },
      ]);
      body.push(part);
    });
    this.CONSUME(signs.closeBrace);
    return { kind: 'Model', name, body, span: this.from(first) };
  });

  // block = "block" NAME [ "(" [ params ] ")" ] "{" { item } "}" ;
  private readonly block: Production<Block> = this.rule('block', () => {
    const first = this.CONSUME(reserved.block);
    const name = this.name();
    const params = this.OPTION(() => this.SUBRULE(this.params)) ?? [];
    const items = this.SUBRULE(this.items);
    return { kind: 'Block', name, params, items, span: this.from(first) };
  });

  // "(" [ params ] ")"             params = param { "," param } ;
  private readonly params: Production<readonly Param[]> = this.rule('params', () => {
    const params: Param[] = [];
    this.CONSUME(signs.open);
    this.MANY_SEP({ SEP: signs.comma, DEF: () => params.push(this.SUBRULE(this.param)) });
    this.CONSUME(signs.close);
    return params;
  });

  // param = NAME [ "=" expr ] ;
  private readonly param: Production<Param> = this.rule('param', () => {
    const first = this.LA(1);
    const name = this.name();
    const value = this.OPTION(() => this.SUBRULE(this.preset));
    return { kind: 'Param', name, ...(value && { value }), span: this.from(first) };
  });

  // item = constant | member | branch | function | forward | require ;
  private readonly item: Production<Item> = this.rule('item', () =>
    this.OR<Item>([
      { ALT: () => this.SUBRULE(this.constant) },
      { ALT: () => this.SUBRULE(this.member) },
      { ALT: () => this.SUBRULE(this.branch) },
      { ALT: () => this.SUBRULE(this.function) },
      { ALT: () => this.SUBRULE(this.forward) },
      { ALT: () => this.SUBRULE(this.require) },
    ]),
  );

  // constant = NAME "=" expr ;
  private readonly constant: Production<Constant> = this.rule('constant', () => {
    const first = this.LA(1);
    const name = this.name();
    const value = this.SUBRULE(this.preset);
    return { kind: 'Constant', name, value, span: this.from(first) };
  });

  // member = path [ "[" indices "]" ] ":" kind [ "from" STRING ] [ "default" expr ] ;
  private readonly member: Production<Member> = this.rule('member', () => {
    const first = this.LA(1);
    const path = this.SUBRULE(this.path);
    const indices = this.OPTION(() => {
      this.CONSUME(signs.openBracket);
      const found = this.SUBRULE(this.indices);
      this.CONSUME(signs.closeBracket);
      return found;
    });
    this.CONSUME(signs.colon);
    const type = this.SUBRULE(this.kind);
    const from = this.OPTION1(() => this.SUBRULE(this.origin));
    const preset = this.OPTION2(() => {
      this.CONSUME(reserved.default);
      return this.SUBRULE(this.expr);
    });
    return {
      kind: 'Member',
      path,
      ...(indices && { indices }),
      type,
      ...(from && { from }),
      ...(preset && { default: preset }),
      span: this.from(first),
    };
  });

  // "from" STRING
  private readonly origin: Production<Text> = this.rule('origin', () => {
    this.CONSUME(reserved.from);
    return this.SUBRULE(this.text);
  });

  // indices = comprehend | expr ;
  private readonly indices: Production<Comprehend | Expr> = this.rule('indices', () =>
    this.OR<Comprehend | Expr>([
      { ALT: () => this.SUBRULE(this.comprehend) },
      { ALT: () => this.SUBRULE(this.expr) },
    ]),
  );

  // comprehend = NAME "in" expr [ "if" expr ] ;
  private readonly comprehend: Production<Comprehend> = this.rule('comprehend', () => {
    const first = this.LA(1);
    const name = this.name();
    this.CONSUME(reserved.in);
    const over = this.SUBRULE(this.expr);
    const when = this.OPTION(() => {
      this.CONSUME(reserved.if);
      return this.SUBRULE1(this.expr);
    });
    return { kind: 'Comprehend', name, over, ...(when && { when }), span: this.from(first) };
  });

  // kind = type | construct ;
  private readonly kind: Production<Type | Construct> = this.rule('kind', () =>
    this.OR<Type | Construct>([
      { ALT: () => this.SUBRULE(this.type) },
      { ALT: () => this.SUBRULE(this.construct) },
    ]),
  );

  // construct = path [ "(" [ arguments ] ")" ] ;
  private readonly construct: Production<Construct> = this.rule('construct', () => {
    const first = this.LA(1);
    const path = this.SUBRULE(this.path);
    const args = this.OPTION(() => this.SUBRULE(this.args)) ?? [];
    return { kind: 'Construct', path, args, span: this.from(first) };
  });

  // branch = "if" expr items [ "else" ( branch | items ) ] ;
  private readonly branch: Production<Branch> = this.rule('branch', () => {
    const first = this.CONSUME(reserved.if);
    const test = this.SUBRULE(this.expr);
    const then = this.SUBRULE(this.items);
    const other = this.OPTION(() => {
      this.CONSUME(reserved.else);
      return this.OR<readonly Item[]>([
        { ALT: () => [this.SUBRULE(this.branch)] },
        { ALT: () => this.SUBRULE1(this.items) },
      ]);
    });
    return { kind: 'Branch', test, then, ...(other && { else: other }), span: this.from(first) };
  });

  // items = "{" { item } "}" ;
  private readonly items: Production<readonly Item[]> = this.rule('items', () => {
    const items: Item[] = [];
    this.CONSUME(signs.openBrace);
    this.MANY(() => void items.push(this.SUBRULE(this.item)));
    this.CONSUME(signs.closeBrace);
    return items;
  });

  // require = "require" expr "," STRING ;
  private readonly require: Production<Require> = this.rule('require', () => {
    const first = this.CONSUME(reserved.require);
    const test = this.SUBRULE(this.expr);
    this.CONSUME(signs.comma);
    const message = this.SUBRULE(this.text);
    return { kind: 'Require', test, message, span: this.from(first) };
  });

  // config = "config" [ "from" STRING ] "{" { entry | expect } "}" ;
  private readonly config: Production<Config> = this.rule('config', () => {
    const first = this.CONSUME(contextual.config);
    const from = this.OPTION(() => this.SUBRULE(this.origin));
    const entries: (Entry | Expect)[] = [];
    this.CONSUME(signs.openBrace);
    this.MANY(() => {
      const entry = this.OR<Entry | Expect>([
        { ALT: () => this.SUBRULE(this.expect) },
        { ALT: () => this.SUBRULE(this.entry) },
      ]);
      entries.push(entry);
    });
    this.CONSUME(signs.closeBrace);
    return { kind: 'Config', ...(from && { from }), entries, span: this.from(first) };
  });

  // entry = NAME ( "=" expr [ source ] | source ) ;
  private readonly entry: Production<Entry> = this.rule('entry', () => {
    const first = this.LA(1);
    const name = this.name();
    const { value, origin } = this.OR<{ value?: Expr; origin?: Pick<Entry, 'keys' | 'else'> }>([
      {
        ALT: () => {
          const value = this.SUBRULE(this.preset);
          const origin = this.OPTION(() => this.SUBRULE(this.keySource));
          return { value, ...(origin && { origin }) };
        },
      },
      { ALT: () => ({ origin: this.SUBRULE1(this.keySource) }) },
    ]);
    return { kind: 'Entry', name, ...(value && { value }), keys: [], ...origin, span: this.from(first) };
  });

  // source = "from" keys [ "else" expr ] ;
  private readonly keySource: Production<Pick<Entry, 'keys' | 'else'>> = this.rule('keySource', () => {
    this.CONSUME(reserved.from);
    const keys = this.SUBRULE(this.keys);
    const other = this.OPTION(() => {
      this.CONSUME(reserved.else);
      return this.SUBRULE(this.expr);
    });
    return { keys, ...(other && { else: other }) };
  });

  // keys = STRING { "or" STRING } ;
  private readonly keys: Production<readonly Text[]> = this.rule('keys', () => {
    const keys: Text[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: reserved.or, DEF: () => keys.push(this.SUBRULE(this.text)) });
    return keys;
  });

  // expect = "expect" keys "=" expr ;
  private readonly expect: Production<Expect> = this.rule('expect', () => {
    const first = this.CONSUME(contextual.expect);
    const keys = this.SUBRULE(this.keys);
    const value = this.SUBRULE(this.preset);
    return { kind: 'Expect', keys, value, span: this.from(first) };
  });

  // checkpoint = "checkpoint" "{" { prefix | ignore | tied } "}" ;
  private readonly checkpoint: Production<CheckpointBlock> = this.rule('checkpoint', () => {
    const first = this.CONSUME(contextual.checkpoint);
    const entries: CheckpointBlock['entries'][number][] = [];
    this.CONSUME(signs.openBrace);
    this.MANY(() => {
      const entry = this.OR<CheckpointBlock['entries'][number]>([
        { ALT: () => this.SUBRULE(this.prefix) },
        { ALT: () => this.SUBRULE(this.ignore) },
        { ALT: () => this.SUBRULE(this.tied) },
      ]);
      entries.push(entry);
    });
    this.CONSUME(signs.closeBrace);
    return { kind: 'Checkpoint', entries, span: this.from(first) };
  });

  // prefix = "prefix" STRING [ "=" STRING ] ;
  private readonly prefix: Production<Prefix> = this.rule('prefix', () => {
    const first = this.CONSUME(contextual.prefix);
    const from = this.SUBRULE(this.text);
    const to = this.OPTION(() => {
      this.CONSUME(signs.equals);
      return this.SUBRULE1(this.text);
    });
    return { kind: 'Prefix', from, ...(to && { to }), span: this.from(first) };
  });

  // ignore = "ignore" STRING { "," STRING } ;
  private readonly ignore: Production<Ignore> = this.rule('ignore', () => {
    const first = this.CONSUME(contextual.ignore);
    const globs: Text[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: signs.comma, DEF: () => globs.push(this.SUBRULE(this.text)) });
    return { kind: 'Ignore', globs, span: this.from(first) };
  });

  // tied = "tied" STRING "=" path ;
  private readonly tied: Production<Tied> = this.rule('tied', () => {
    const first = this.CONSUME(contextual.tied);
    const key = this.SUBRULE(this.text);
    this.CONSUME(signs.equals);
    const path = this.SUBRULE(this.path);
    return { kind: 'Tied', key, path, span: this.from(first) };
  });
}
