/** From a syntax tree to a program: one walk checks everything and tells a sink what the model computes. */

import type * as ast from '../ast.ts';
import { type Diagnostic, error, hasErrors } from '../diagnostic.ts';
import { InexactSize } from '../dim.ts';
import type { ElaborationOptions, Program } from '../program.ts';
import type { Sink } from '../sink.ts';
import { call } from './bodies/call.ts';
import { declaredIn } from './bodies/declared.ts';
import { evaluate } from './bodies/evaluate.ts';
import { checkSet, type KeysRead, readConfig, unreadKeys } from './declare/config.ts';
import { fileScope, preludeScope } from './declare/files.ts';
import { instantiate } from './declare/instance.ts';
import { declareFunction, declareItem, nameFree } from './declare/items.ts';
import { nameRules } from './declare/name_rules.ts';
import { type Ends, runModel } from './declare/run_model.ts';
import { checkUnreached } from './declare/unreached.ts';
import { unreadLocals, unreadParams } from './declare/unread.ts';
import { type Context, makeContext, Site, TooLarge } from './values/context.ts';
import { outermostFrame } from './values/frame.ts';
import type { Owner } from './values/place.ts';
import { collected, report } from './values/reports.ts';
import { makeScope } from './values/scope.ts';
import type { Scope } from './values/value.ts';

export interface Elaborated {
  /** Undefined when there is an error. */
  readonly program?: Program;
  readonly diagnostics: readonly Diagnostic[];
}

export function elaborate<V>(file: ast.File, options: ElaborationOptions, sink: Sink<V>): Elaborated {
  const cx: Context<V> = makeContext(sink, options, { evaluate, call, instantiate });
  let program: Program | undefined;
  try {
    program = elaborateFile(cx, file);
  } catch (thrown) {
    if (thrown instanceof RangeError) reportRange(cx, file, thrown);
    else if (!(thrown instanceof TooLarge)) throw thrown;
  }
  const diagnostics = collected(cx);
  return program && !hasErrors(diagnostics) ? { program, diagnostics } : { diagnostics };
}

/** The stack is full, or sizes have left the exact integers; neither has a better place than the model. */
function reportRange<V>(cx: Context<V>, file: ast.File, thrown: RangeError): void {
  const model = modelsOf(file)[0];
  const isNested = !(thrown instanceof InexactSize);
  const text = isNested
    ? 'the program nests too deep'
    : 'the sizes of this model are too large to compute with';
  report(
    cx,
    error('N321', text, {
      ...(model ? { span: model.name.span } : {}),
      hint: isNested ? 'give parts of long expressions names of their own' : 'check the config entries',
    }),
  );
}

const modelsOf = (file: ast.File): readonly ast.Model[] =>
  file.declarations.flatMap((d) => (d.kind === 'Model' ? [d] : []));

function elaborateFile<V>(cx: Context<V>, file: ast.File): Program | undefined {
  const scope = fileScope(cx, file, preludeScope());
  const [model, ...more] = modelsOf(file);
  if (!model) {
    const span = { source: file.source, start: 0, end: 0 };
    report(
      cx,
      error('N212', 'there is no model in this file', { span, hint: 'write one: model name { ... }' }),
    );
    return undefined;
  }
  for (const other of more) {
    report(
      cx,
      error('N213', 'there is more than one model in this file', {
        span: other.name.span,
        hint: 'give each a file of its own; blocks are shared by `include`',
        related: [{ message: 'the first one', span: model.name.span }],
      }),
    );
  }
  const program = elaborateModel(cx, model, scope);
  checkUnreached(cx, file, scope);
  // After an error much is unread that the text does read.
  if (hasErrors(cx.diagnostics)) return program;
  for (const found of [...unreadLocals(file), ...unreadParams(cx.declared, cx.used)]) report(cx, found);
  return program;
}

function elaborateModel<V>(cx: Context<V>, model: ast.Model, file: Scope<V>): Program {
  const scope = makeScope('model', file, declaredIn(model));
  const site = new Site(cx, outermostFrame(scope), model);
  const owner: Owner = { path: '', label: '', key: '' };
  const read: KeysRead = new Set();
  for (const part of model.body) {
    if (part.kind === 'Function') declareFunction(site.at(part));
    if (part.kind === 'Block' && nameFree(site.at(part.name))) {
      scope.names.set(part.name.text, { kind: 'block', decl: part, scope });
    }
  }
  for (const part of model.body) {
    if (part.kind === 'Config') readConfig(site.at(part), read);
    else if (part.kind !== 'Checkpoint' && part.kind !== 'Block') declareItem(site.at(part), owner);
  }
  checkSet(cx, entryNames(model));
  const names = nameRules(site);
  const ends = owner.forward ? runModel(site.at(owner.forward)) : noForward(site);
  return {
    model: model.name.text,
    config: cx.config,
    params: cx.declared,
    ports: cx.ports,
    ...ends,
    names,
    unread: unreadKeys(cx.options.config, read),
  };
}

const entryNames = (model: ast.Model): readonly string[] =>
  model.body.flatMap((part) =>
    part.kind === 'Config' ? part.entries.flatMap((e) => (e.kind === 'Entry' ? [e.name.text] : [])) : [],
  );

function noForward<V>(site: Site<V, ast.Model>): Ends {
  const { name } = site.node;
  site.at(name).fail('N215', `model \`${name.text}\` has no forward`, {
    hint: 'add one: forward(tokens: int64[B, T]) -> logits: [B, T, vocab] { ... }',
  });
  return { inputs: [], outputs: [] };
}
