/** Declares the items of models and blocks, in the order of the text. */

import type * as ast from '../../ast.ts';
import { append } from '../../long_list.ts';
import { reportTaken, takeName } from '../bodies/declared.ts';
import { decide, single } from '../bodies/evaluate.ts';
import { type Context, type Frame, fail } from '../values/context.ts';
import type { Owner } from '../values/place.ts';
import { reportSize } from '../values/tensors.ts';
import { poison, type Value } from '../values/value.ts';
import { declareAbsent, declareMember } from './members.ts';
import { require as requireThat } from './requirements.ts';

/** Evaluates an expression of a declaration, which must be known when compiling. */
export function compileTime<V>(
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

/** Declares items in the order of the text; functions of the same level are declared first. */
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

/** When it is unknown which arm applies, the members of both become poison, so that nothing more is reported about them. */
function spoil<V>({ scope }: Frame<V>, items: readonly ast.Item[]): void {
  const left = [...items];
  for (let item = left.pop(); item; item = left.pop()) {
    if (item.kind === 'Branch') append(left, [...item.then, ...(item.else ?? [])]);
    if (item.kind === 'Constant' || item.kind === 'Function') scope.names.set(item.name.text, poison);
    if (item.kind === 'Member') scope.names.set(item.path.words[0]!.text, poison);
  }
}
