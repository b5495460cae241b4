/** Names that a model, a block or a body declares, and the rule that no name hides another. */

import type * as ast from '../../ast.ts';
import { append } from '../../long_list.ts';
import { textOf } from '../../source.ts';
import type { Site } from '../values/context.ts';
import {
  type Assigned,
  assignedAt,
  type Condition,
  type Declared,
  type LocalKind,
  type Plan,
  type Scope,
} from '../values/value.ts';
import { isReservedValue, lineOf } from './names.ts';

/** In the order of the text; a dotted path is declared by its first word. */
export function declaredIn(node: ast.Block | ast.Model): ReadonlyMap<string, Declared> {
  const found = new Map<string, Declared>();
  const put = (name: ast.Word, what: string, more: Pick<Declared, 'isBlock'> = {}): void => {
    if (!found.has(name.text)) found.set(name.text, { span: name.span, what, ...more });
  };
  const of = node.kind === 'Model' ? 'the model' : 'this block';
  if (node.kind === 'Block') for (const p of node.params) put(p.name, `a parameter of ${of}`);
  const left: (ast.Model['body'][number] | ast.Item)[] = [
    ...(node.kind === 'Model' ? node.body : node.items),
  ].reverse();
  for (let item = left.pop(); item; item = left.pop()) {
    switch (item.kind) {
      case 'Constant':
        put(item.name, `a constant of ${of}`);
        break;
      case 'Member':
        put(item.path.words[0]!, `${memberKind(item)} of ${of}`);
        break;
      case 'Function':
        put(item.name, `a function of ${of}`);
        break;
      case 'Block':
        put(item.name, `a block of ${of}`, { isBlock: true });
        break;
      case 'Config':
        for (const e of item.entries) if (e.kind === 'Entry') put(e.name, 'a config entry');
        break;
      case 'Branch':
        append(left, [...item.then, ...(item.else ?? [])].reverse());
        break;
      default:
    }
  }
  return found;
}

function memberKind({ path, indices, type }: ast.Member): string {
  if (path.words.length > 1) return 'a path';
  if (indices) return 'a list of members';
  return type.kind === 'Type' ? 'a parameter' : 'a module';
}

/** Reports a name that is reserved, or that would hide one of an enclosing scope. */
export function takeName<V>(site: Site<V, ast.Word>, scope: Scope<V>): boolean {
  const { node: name } = site;
  if (isReservedValue(name.text)) {
    site.fail('N207', `\`${name.text}\` is a value of the language and cannot be declared`, {
      hint: "choose another name; the checkpoint's can be kept with `from`",
    });
    return false;
  }
  for (let at = scope.parent; at && at.kind !== 'prelude'; at = at.parent) {
    const known = at.declared.get(name.text);
    if (known && known.span !== name.span) return reportTaken(site, known);
  }
  return true;
}

export function reportTaken<V>(site: Site<V, ast.Word>, known: Declared): false {
  const { node: name } = site;
  const message = `\`${name.text}\` already names ${known.what} (line ${lineOf(known.span)})`;
  site.fail('N203', message, {
    hint: 'choose another name: nothing hides another here',
    related: [{ message: `\`${name.text}\` is declared here`, span: known.span }],
  });
  return false;
}

/** The names that a body assigns, and the conditions under which it does. Reports once what is wrong in any config. */
export function planOf<V>(site: Site<V, ast.Function | ast.Forward>, scope: Scope<V>): Plan {
  const { cx, node } = site;
  const known = cx.plans.get(node);
  if (known) return known;
  const assigned = new Map<string, Assigned>();
  const plan: Plan = { assigned };
  cx.plans.set(node, plan);
  const outer: Scope<V> = { kind: 'body', names: new Map(), declared: assigned, parent: scope };
  const put: Put = (name, kind, conditions) => {
    const before = assigned.get(name.text);
    const now = assignedAt(name, kind, conditions);
    if (!before) {
      if (takeName(site.at(name), outer)) assigned.set(name.text, now);
    } else if (before.kind === 'loop' ? kind !== 'loop' : kind !== 'local') {
      reportTaken(site.at(name), before);
    } else if (conditions.length === 0 && before.conditions.length > 0) {
      assigned.set(name.text, now);
    }
  };
  for (const { name } of node.signature.inputs) put(name, 'input', []);
  if (node.body.kind === 'Statements') scan(site.at(node.body), put);
  return plan;
}

type Put = (name: ast.Word, kind: LocalKind, conditions: readonly Condition[]) => void;

interface Part {
  readonly body: ast.Statements;
  readonly conditions: readonly Condition[];
  /** Binders of the loops around it. */
  readonly bound: readonly ast.Word[];
}

function scan<V>(site: Site<V, ast.Statements>, put: Put): void {
  const { node: whole } = site;
  const left: Part[] = [{ body: whole, conditions: [], bound: [] }];
  for (let next = left.pop(); next; next = left.pop()) {
    for (const s of next.body.body) {
      if (s.kind === 'Assign') for (const t of s.targets) put(t.name, 'local', next.conditions);
      if (s.kind === 'For') left.push(scanLoop(site.at(s), next, put));
      if (s.kind === 'Choose') append(left, arms(s, next));
      if (s.kind === 'Return' && next.bound.length > 0) {
        site.at(s).fail('N218', '`return` stands inside a loop', {
          hint: 'assign a name in the loop and return it after the loop',
        });
      }
    }
  }
}

function scanLoop<V>(site: Site<V, ast.For>, { conditions: outside, bound }: Part, put: Put): Part {
  const { node: s } = site;
  const text = `\`${textOf(s.over.span)}\` has entries (line ${lineOf(s.span)})`;
  const conditions = [...outside, { of: 'loop', text } as const];
  for (const word of s.binder) {
    const outer = bound.find((b) => b.text === word.text);
    if (outer) reportTaken(site.at(word), assignedAt(outer, 'loop'));
    else put(word, 'loop', conditions);
  }
  return { body: s.body, conditions, bound: [...bound, ...s.binder] };
}

function arms(s: ast.Choose, { conditions, bound }: Part): readonly Part[] {
  const test = `\`${textOf(s.test.span)}\` (line ${lineOf(s.test.span)})`;
  const arm = (body: ast.Statements, text: string): Part => ({
    body,
    conditions: [...conditions, { of: 'if', text }],
    bound,
  });
  return s.else ? [arm(s.then, test), arm(s.else, `not ${test}`)] : [arm(s.then, test)];
}

/** Names that statements assign, at any depth. */
export function assignedIn(body: ast.Statements): ReadonlySet<string> {
  const found = new Set<string>();
  const left = [body];
  for (let next = left.pop(); next; next = left.pop()) {
    for (const s of next.body) {
      if (s.kind === 'Assign') for (const t of s.targets) found.add(t.name.text);
      if (s.kind === 'For') left.push(s.body);
      if (s.kind === 'Choose') append(left, s.else ? [s.then, s.else] : [s.then]);
    }
  }
  return found;
}
