/** Instances: a block with its arguments becomes a module with members of its own. */

import type * as ast from '../../ast.ts';
import { declaredIn, reportTaken, takeName } from '../bodies/declared.ts';
import { single } from '../bodies/evaluate.ts';
import { matchArguments } from '../builtins/arguments.ts';
import { type Site, step } from '../values/context.ts';
import { type Frame, type Invocation, shownAfter } from '../values/frame.ts';
import type { MemberPlace, Owner } from '../values/place.ts';
import { isPrelude } from '../values/prelude.ts';
import { makeScope } from '../values/scope.ts';
import { type BlockValue, type Declared, poison, type Value } from '../values/value.ts';
import { compileTime, declareItems } from './items.ts';

export function instantiate<V>(
  site: Site<V, Invocation<V>>,
  { decl, scope: outer }: BlockValue<V>,
  place: MemberPlace,
): Value<V> {
  const { cx } = site;
  step(site);
  if (cx.active.has(decl)) {
    return site.fail('N210', `block \`${decl.name.text}\` contains itself`, {
      hint: 'blocks do not recurse, so that compiling ends; use a list: h[layers]: Layer',
    });
  }
  const scope = makeScope('block', outer, declaredOnce(decl));
  const frame: Frame<V> = {
    scope,
    path: place.path,
    label: place.label,
    via: [],
    depth: site.frame.depth + 1,
    ...shownAfter(site.frame, site.node, isPrelude(decl.span)),
  };
  const inside = site.inFrame(frame).at(decl);
  if (!bindParams(site, inside)) return poison;
  const { path, label, key } = place;
  const owner: Owner = {
    path,
    label,
    key,
    ...(place.default === undefined ? {} : { default: place.default }),
  };
  cx.active.add(decl);
  declareItems(inside, decl.items, owner);
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

function declaredOnce(decl: ast.Block): ReadonlyMap<string, Declared> {
  let found = declaredByNode.get(decl);
  if (!found) {
    found = declaredIn(decl);
    declaredByNode.set(decl, found);
  }
  return found;
}

function bindParams<V>(call: Site<V, Invocation<V>>, inside: Site<V, ast.Block>): boolean {
  const { scope } = inside.frame;
  const { name: block, params } = inside.node;
  const given = matchArguments(
    call,
    block.text,
    params.map((p) => ({ name: p.name.text, optional: p.value !== undefined })),
  );
  if (!given) return false;
  for (const { name, value: preset } of params) {
    if (scope.names.has(name.text)) reportTaken(inside.at(name), scope.declared.get(name.text)!);
    else takeName(inside.at(name), scope);
    const argument = given.get(name.text);
    const value = argument?.value ?? (preset ? single(inside.at(preset)) : poison);
    const what = `\`${name.text}\` of \`${block.text}\``;
    scope.names.set(name.text, compileTime(call.at(argument ?? call.node), value, what));
  }
  return true;
}
