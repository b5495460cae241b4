/** Names in code that nothing runs in this config: arms not taken, blocks not used, functions not called. */

import type * as ast from '../../ast.ts';
import { append } from '../../long_list.ts';
import { children } from '../../walk.ts';
import { declaredIn } from '../bodies/declared.ts';
import {
  isReservedValue,
  preludeValue,
  type Spelled,
  unknownBlockHint,
  unknownHint,
} from '../bodies/names.ts';
import { type Context, Site } from '../values/context.ts';
import { outermostFrame } from '../values/frame.ts';
import { makeScope } from '../values/scope.ts';
import { assignedAt, type Scope } from '../values/value.ts';

/** A node to check, with the names that may be used in it under any config; scopes hold names without values. */
interface Visit<V> {
  readonly node: ast.AnyNode;
  readonly scope: Scope<V>;
}

export function checkUnreached<V>(cx: Context<V>, file: ast.File, scope: Scope<V>): void {
  const left: Visit<V>[] = [{ node: file, scope }];
  for (let next = left.pop(); next; next = left.pop()) {
    const { node, scope } = next;
    const name = spelledIn(node);
    if (name) check(cx, scope, name, node.kind === 'Construct');
    append(left, childrenOf(node, scope));
  }
}

/** The name that a node looks up. */
function spelledIn(node: ast.AnyNode): Spelled | undefined {
  if (node.kind === 'Name') return node;
  if (node.kind === 'Construct' || node.kind === 'Tied') return node.path.words[0];
  return undefined;
}

function check<V>(cx: Context<V>, scope: Scope<V>, name: Spelled, made: boolean): void {
  const { text, span } = name;
  if (isReservedValue(text) || preludeValue(scope, text)) return;
  for (let at: Scope<V> | undefined = scope; at; at = at.parent) if (at.declared.has(text)) return;
  const known = cx.diagnostics.some((d) => d.span?.source === span.source && d.span.start === span.start);
  if (known) return;
  const site = new Site(cx, outermostFrame(scope), name);
  const hint = made ? unknownBlockHint(scope, text) : unknownHint(scope, text);
  site.fail('N201', `unknown ${made ? 'block' : 'name'} \`${text}\``, hint);
}

/** The children of a node, with the names that each may use. */
function childrenOf<V>(node: ast.AnyNode, scope: Scope<V>): readonly Visit<V>[] {
  const all = (nodes: readonly ast.AnyNode[], s = scope) => nodes.map((n) => ({ node: n, scope: s }));
  switch (node.kind) {
    case 'Model':
      return all(node.body, makeScope('model', scope, declaredIn(node)));
    case 'Block': {
      const inner = makeScope('block', scope, declaredIn(node));
      return all([...node.params, ...node.items], inner);
    }
    case 'Function':
    case 'Forward':
      return all([node.signature, node.body], withWords(scope, localsOf(node)));
    case 'Comprehension': {
      const inner = withWords(scope, node.binder);
      return [...all([node.over]), ...all(node.when ? [node.body, node.when] : [node.body], inner)];
    }
    case 'Member': {
      if (node.indices?.kind !== 'Comprehend') return all(children(node));
      const { name, over, when } = node.indices;
      const rest = [node.type, when, node.default].filter((n) => n !== undefined);
      return [...all([over]), ...all(rest, withWords(scope, [name]))];
    }
    default:
      return all(children(node));
  }
}

const withWords = <V>(scope: Scope<V>, words: readonly ast.Word[]): Scope<V> =>
  makeScope('body', scope, new Map(words.map((word) => [word.text, assignedAt(word, 'local')])));

function localsOf({ signature, body }: ast.Function | ast.Forward): readonly ast.Word[] {
  const found = signature.inputs.map((i) => i.name);
  const left: ast.AnyNode[] = body.kind === 'Statements' ? [body] : [];
  for (let next = left.pop(); next; next = left.pop()) {
    if (next.kind === 'Assign')
      append(
        found,
        next.targets.map((t) => t.name),
      );
    if (next.kind === 'For') append(found, next.binder);
    if (next.kind === 'Statements' || next.kind === 'For' || next.kind === 'Choose')
      append(left, children(next));
  }
  return found;
}
