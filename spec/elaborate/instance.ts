/** Instances: a block with its arguments becomes a module with members of its own. */

import type * as ast from '../ast.ts';
import { matchArguments } from './arguments.ts';
import { type Context, type Frame, fail, type Invocation, sited, step } from './context.ts';
import { declaredIn, reportTaken, takeName } from './declared.ts';
import { decide, single } from './evaluate.ts';
import { declareAbsent, declareMember, type Place } from './members.ts';
import { isPrelude } from './prelude.ts';
import { require as requireThat } from './requirements.ts';
import { type Declared, makeScope } from './scope.ts';
import { reportSize } from './tensors.ts';
import { type BlockValue, poison, type Value } from './value.ts';

/** Whose members are being declared. */
export interface Owner {
  readonly path: string;
  readonly label: string;
  readonly key: string;
  readonly default?: number;
  /** Set when it is met. */
  forward?: ast.Forward;
}

export function instantiate<V>(
  cx: Context<V>,
  caller: Frame<V>,
  { decl, scope: outer }: BlockValue<V>,
  place: Place,
  by: Invocation<V>,
): Value<V> {
  step(cx, caller, by);
  if (cx.active.has(decl)) {
    return fail(cx, caller, by, 'N210', `block \`${decl.name.text}\` contains itself`, {
      hint: 'blocks do not recurse, so that compiling ends; use a list: h[layers]: Layer',
    });
  }
  const scope = makeScope('block', outer, declaredOnce(cx, decl));
  const frame: Frame<V> = {
    scope,
    path: place.path,
    label: place.label,
    via: [],
    depth: caller.depth + 1,
    ...sited(caller, by, isPrelude(decl.span)),
  };
  if (!bindParams(cx, caller, frame, decl, by)) return poison;
  const { path, label, key } = place;
  const owner: Owner = {
    path,
    label,
    key,
    ...(place.default === undefined ? {} : { default: place.default }),
  };
  cx.active.add(decl);
  declareItems(cx, frame, decl.items, owner);
  cx.active.delete(decl);
  const { forward } = owner;
  return {
    kind: 'module',
    path,
    label,
    key,
    scope,
    block: decl,
    ...(forward ? { forward } : {}),
    span: place.span,
  };
}

const declaredByNode = new WeakMap<object, ReadonlyMap<string, Declared>>();

function declaredOnce<V>(_: Context<V>, decl: ast.Block): ReadonlyMap<string, Declared> {
  let found = declaredByNode.get(decl);
  if (!found) {
    found = declaredIn(decl);
    declaredByNode.set(decl, found);
  }
  return found;
}

function bindParams<V>(
  cx: Context<V>,
  caller: Frame<V>,
  frame: Frame<V>,
  decl: ast.Block,
  by: Invocation<V>,
): boolean {
  const params = decl.params.map((p) => ({ name: p.name.text, optional: p.value !== undefined }));
  const given = matchArguments(cx, caller, decl.name.text, params, by);
  if (!given) return false;
  for (const { name, value: preset } of decl.params) {
    if (frame.scope.names.has(name.text)) reportTaken(cx, frame, name, frame.scope.declared.get(name.text)!);
    else takeName(cx, frame, frame.scope, name);
    const argument = given.get(name.text);
    const value = argument?.value ?? (preset ? single(cx, frame, preset) : poison);
    frame.scope.names.set(
      name.text,
      compileTime(cx, caller, argument ?? by, value, `\`${name.text}\` of \`${decl.name.text}\``),
    );
  }
  return true;
}

/** What declarations are made of is known when compiling. */
function compileTime<V>(
  cx: Context<V>,
  frame: Frame<V>,
  at: { readonly span: ast.Expr['span'] },
  value: Value<V>,
  what: string,
): Value<V> {
  if (value.kind === 'size') return reportSize(cx, frame, at, value.dim);
  if (value.kind !== 'tensor') return value;
  return fail(cx, frame, at, 'N312', `${what} must be known when compiling, found a tensor`, {
    hint: 'what depends on tensors stands in a forward or a function',
  });
}

/** Everything in `if`s and outside, in the order of the text; functions of the same level are known before. */
export function declareItems<V>(
  cx: Context<V>,
  frame: Frame<V>,
  items: readonly ast.Item[],
  owner: Owner,
): void {
  for (const item of items) if (item.kind === 'Function') declareFunction(cx, frame, item);
  for (const item of items) declareItem(cx, frame, item, owner);
}

export function declareItem<V>(cx: Context<V>, frame: Frame<V>, item: ast.Item, owner: Owner): void {
  switch (item.kind) {
    case 'Constant': {
      if (!nameFree(cx, frame, item.name)) return;
      const value = single(cx, frame, item.value);
      frame.scope.names.set(
        item.name.text,
        compileTime(cx, frame, item.value, value, `\`${item.name.text}\``),
      );
      return;
    }
    case 'Member':
      declareMember(cx, frame, item, owner);
      return;
    case 'Branch':
      declareBranch(cx, frame, item, owner);
      return;
    case 'Require':
      requireThat(cx, frame, item);
      return;
    case 'Forward':
      if (!owner.forward) owner.forward = item;
      else {
        fail(cx, frame, item.signature, 'N203', 'there is a forward already', {
          related: [{ message: 'the first one', span: owner.forward.signature.span }],
        });
      }
      return;
    case 'Function':
      return;
    default:
      item satisfies never;
  }
}

export function declareFunction<V>(cx: Context<V>, frame: Frame<V>, decl: ast.Function): void {
  if (nameFree(cx, frame, decl.name)) {
    frame.scope.names.set(decl.name.text, { kind: 'function', decl, scope: frame.scope });
  }
}

/** Reports a name that this instance has already, or that would hide another. */
export function nameFree<V>(cx: Context<V>, frame: Frame<V>, name: ast.Word): boolean {
  const { names, declared } = frame.scope;
  const known = names.get(name.text);
  if (known && known.kind !== 'absent') {
    const first = declared.get(name.text);
    return reportTaken(cx, frame, name, first ?? { span: name.span, what: 'something here' });
  }
  if (takeName(cx, frame, frame.scope, name)) return true;
  names.set(name.text, poison);
  return false;
}

function declareBranch<V>(cx: Context<V>, frame: Frame<V>, node: ast.Branch, owner: Owner): void {
  const test = decide(cx, frame, node.test);
  const other = node.else ?? [];
  if (test === undefined) {
    spoil(frame, [...node.then, ...other]);
    return;
  }
  declareItems(cx, frame, test ? node.then : other, owner);
  declareAbsent(frame, test ? other : node.then, node.test, !test);
}

/** Which arm there is is not known: nothing more is said of the members of either. */
function spoil<V>({ scope }: Frame<V>, items: readonly ast.Item[]): void {
  const left = [...items];
  for (let item = left.pop(); item; item = left.pop()) {
    if (item.kind === 'Branch') left.push(...item.then, ...(item.else ?? []));
    if (item.kind === 'Constant' || item.kind === 'Function') scope.names.set(item.name.text, poison);
    if (item.kind === 'Member') scope.names.set(item.path.words[0]!.text, poison);
  }
}
