/** Declares the items of models and blocks, in the order of the text. */

import type * as ast from '../../ast.ts';
import { append } from '../../long_list.ts';
import { reportTaken, takeName } from '../bodies/declared.ts';
import { decide, single } from '../bodies/evaluate.ts';
import type { Site } from '../values/context.ts';
import type { Frame } from '../values/frame.ts';
import type { Owner } from '../values/place.ts';
import { reportSize } from '../values/tensors.ts';
import { poison, type Value } from '../values/value.ts';
import { declareAbsent, declareMember } from './members.ts';
import { require as requireThat } from './requirements.ts';

/** Evaluates an expression of a declaration, which must be known when compiling. */
export function compileTime<V>(site: Site<V>, value: Value<V>, what: string): Value<V> {
  if (value.kind === 'size') return reportSize(site, value.dim);
  if (value.kind !== 'tensor') return value;
  return site.fail('N312', `${what} must be known when compiling, found a tensor`, {
    hint: 'what depends on tensors stands in a forward or a function',
  });
}

/** Declares items in the order of the text; functions of the same level are declared first. */
export function declareItems<V>(site: Site<V>, items: readonly ast.Item[], owner: Owner): void {
  for (const item of items) if (item.kind === 'Function') declareFunction(site.at(item));
  for (const item of items) declareItem(site.at(item), owner);
}

export function declareItem<V>(site: Site<V, ast.Item>, owner: Owner): void {
  const { frame, node: item } = site;
  switch (item.kind) {
    case 'Constant': {
      if (!nameFree(site.at(item.name))) return;
      const value = single(site.at(item.value));
      frame.scope.names.set(item.name.text, compileTime(site.at(item.value), value, `\`${item.name.text}\``));
      return;
    }
    case 'Member':
      declareMember(site.at(item), owner);
      return;
    case 'Branch':
      declareBranch(site.at(item), owner);
      return;
    case 'Require':
      requireThat(site.at(item));
      return;
    case 'Forward':
      if (!owner.forward) owner.forward = item;
      else {
        site.at(item.signature).fail('N203', 'there is a forward already', {
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

export function declareFunction<V>(site: Site<V, ast.Function>): void {
  const { frame, node: decl } = site;
  if (nameFree(site.at(decl.name))) {
    frame.scope.names.set(decl.name.text, { kind: 'function', decl, scope: frame.scope });
  }
}

/** Reports a name that this instance has already, or that would hide another. */
export function nameFree<V>(site: Site<V, ast.Word>): boolean {
  const { frame, node: name } = site;
  const { names, declared } = frame.scope;
  const known = names.get(name.text);
  if (known && known.kind !== 'absent') {
    const first = declared.get(name.text);
    return reportTaken(site, first ?? { span: name.span, what: 'something here' });
  }
  if (takeName(site, frame.scope)) return true;
  names.set(name.text, poison);
  return false;
}

function declareBranch<V>(site: Site<V, ast.Branch>, owner: Owner): void {
  const { frame, node } = site;
  const test = decide(site.at(node.test));
  const other = node.else ?? [];
  if (test === undefined) {
    spoil(frame, [...node.then, ...other]);
    return;
  }
  declareItems(site, test ? node.then : other, owner);
  declareAbsent(frame, test ? other : node.then, node.test, !test);
}

/** When it is unknown which arm applies, the members of both become poison, so that nothing more is reported about them. */
function spoil<V>({ scope }: Frame<V>, items: readonly ast.Item[]): void {
  const left = [...items];
  for (let item = left.pop(); item; item = left.pop()) {
    if (item.kind === 'Branch') append(left, [...item.then, ...(item.else ?? [])]);
    if (item.kind === 'Constant' || item.kind === 'Function') scope.names.set(item.name.text, poison);
    if (item.kind === 'Member') scope.names.set(item.path.words[0]!.text, poison);
  }
}
