/** Instances: a block with its arguments becomes a module with members of its own. */

import type * as ast from '../../ast.ts';
import { declaredIn, reportTaken, takeName } from '../bodies/declared.ts';
import { single } from '../bodies/evaluate.ts';
import { matchArguments } from '../builtins/arguments.ts';
import { type Context, type Frame, fail, type Invocation, sited, step } from '../values/context.ts';
import type { MemberPlace, Owner } from '../values/place.ts';
import { isPrelude } from '../values/prelude.ts';
import { makeScope } from '../values/scope.ts';
import { type BlockValue, type Declared, poison, type Value } from '../values/value.ts';
import { compileTime, declareItems } from './items.ts';

export function instantiate<V>(
  cx: Context<V>,
  caller: Frame<V>,
  { decl, scope: outer }: BlockValue<V>,
  place: MemberPlace,
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
