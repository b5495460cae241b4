/** Bodies: statements run one after the other, loops and `if`s unrolled. */

import type * as ast from '../../ast.ts';
import type * as dim from '../../dim.ts';
import { append } from '../../long_list.ts';
import { textOf } from '../../source.ts';
import { type Site, step } from '../values/context.ts';
import type { Frame } from '../values/frame.ts';
import { checkType, writtenType } from '../values/shapes.ts';
import { same } from '../values/sizes.ts';
import { needTensor, showTensor } from '../values/tensors.ts';
import { poison, type TensorValue, type Value } from '../values/value.ts';
import { assignedIn } from './declared.ts';
import { decide, single } from './evaluate.ts';
import { boundIn, iterationsOf, shorten } from './iterations.ts';
import { type Result, recover } from './results.ts';

export function runBody<V>(site: Site<V, ast.Function | ast.Forward>): Result<V> {
  const { node } = site;
  const { body } = node;
  if (body.kind !== 'Statements') return { value: site.evaluate(body), span: body.span };
  const result = runStatements(site.at(body));
  if (result) return result;
  const at = node.kind === 'Function' ? node.name : node.signature;
  const what = node.kind === 'Function' ? `\`${node.name.text}\`` : 'this forward';
  site.at(at).fail('N216', `${what} ends without a return`, {
    hint: 'end its statements with `return ...`',
  });
  return { value: poison, span: body.span };
}

/** Undefined when no return was reached. */
function runStatements<V>(site: Site<V, ast.Statements>): Result<V> | undefined {
  const { body } = site.node;
  for (const s of body) {
    step(site.at(s));
    const result = runOne(site, s);
    if (result) return result;
  }
  return undefined;
}

function runOne<V>(site: Site<V>, s: ast.Statement): Result<V> | undefined {
  switch (s.kind) {
    case 'Assign':
      return void assign(site.at(s));
    case 'For':
      return void loop(site.at(s));
    case 'Choose':
      return choose(site.at(s));
    case 'Return':
      return returned(site.at(s));
    default:
      return s satisfies never;
  }
}

function returned<V>(site: Site<V, ast.Return>): Result<V> {
  const { values, span } = site.node;
  const [first, ...more] = values;
  if (first && more.length === 0) return { value: site.evaluate(first), span: first.span };
  const items = values.map((v) => single(site.at(v)));
  return { value: { kind: 'list', items, several: true }, span, spans: values.map((v) => v.span) };
}

function choose<V>(site: Site<V, ast.Choose>): Result<V> | undefined {
  const { frame, node: s } = site;
  const test = decide(site.at(s.test));
  if (test === undefined) return unknown(frame, s);
  const arm = test ? s.then : s.else;
  return arm ? runStatements(site.at(arm)) : undefined;
}

/** When it is unknown which arm runs, the names that either assigns become poison, so that nothing more is reported about them. */
function unknown<V>(frame: Frame<V>, s: ast.Choose): Result<V> | undefined {
  for (const arm of s.else ? [s.then, s.else] : [s.then]) spoil(frame, arm);
  const returns = (body: ast.Statements): boolean => body.body.some((b) => b.kind === 'Return');
  return returns(s.then) || (s.else && returns(s.else)) ? { value: poison, span: s.span } : undefined;
}

function spoil<V>({ scope }: Frame<V>, body: ast.Statements): void {
  for (const name of assignedIn(body)) scope.names.set(name, poison);
}

function assign<V>(site: Site<V, ast.Assign>): void {
  const { frame, node: s } = site;
  const values = valuesFor(site);
  for (const [i, target] of s.targets.entries()) {
    const value = values?.[i] ?? poison;
    const at = s.values.length === s.targets.length ? s.values[i]! : s.values[0]!;
    frame.scope.names.set(target.name.text, placed(declared(site.at(target), value, at), target.name));
  }
}

/** Messages name a tensor by its last name. */
const placed = <V>(value: Value<V>, { text, span }: ast.Word): Value<V> =>
  value.kind === 'tensor' ? { ...value, origin: { label: text, span } } : value;

function valuesFor<V>(site: Site<V, ast.Assign>): readonly Value<V>[] | undefined {
  const { node: s } = site;
  const { targets, values } = s;
  if (values.length === targets.length) return values.map((v) => single(site.at(v)));
  const [first, ...more] = values;
  if (!first || more.length > 0) {
    values.map((v) => single(site.at(v)));
    site.fail(
      'N217',
      `${targets.length} ${targets.length === 1 ? 'name' : 'names'} for ${values.length} values`,
    );
    return undefined;
  }
  const value = site.evaluate(first);
  if (value.kind === 'poison') return undefined;
  const items = value.kind === 'list' ? value.items : undefined;
  if (items?.length === targets.length) return items;
  const gives = items ? `the ${items.length} values` : 'the one value';
  site.fail('N217', `${targets.length} names for ${gives} of \`${shorten(textOf(first.span))}\``);
  return undefined;
}

function declared<V>(site: Site<V, ast.Target>, value: Value<V>, at: ast.Expr): Value<V> {
  const { name, type } = site.node;
  if (!type) return value;
  const written = writtenType(site.at(type));
  if (!written) return poison;
  const x = value.kind === 'poison' ? undefined : needTensor(site.at(at), value, `\`${name.text}\``);
  return x && checkType(site.at(at), `\`${name.text}\``, written, x) ? x : recover(written);
}

function loop<V>(site: Site<V, ast.For>): void {
  const { frame, node: s } = site;
  const iterations = iterationsOf(site.at(s.over));
  if (!iterations) {
    spoil(frame, s.body);
    return;
  }
  const { names } = frame.scope;
  const carried = [...assignedIn(s.body)].flatMap((name) => {
    const before = names.get(name);
    return before?.kind === 'tensor' ? [[name, before] as const] : [];
  });
  const hidden = s.binder.map(({ text }) => [text, names.get(text)] as const);
  for (const iteration of iterations) {
    for (const [name, value] of boundIn(s.binder, iteration)) names.set(name, value);
    runStatements(site.at(s.body));
    for (const [name, before] of carried) keepType(site, name, before);
  }
  for (const [name, before] of hidden) {
    if (before) names.set(name, before);
    else names.delete(name);
  }
}

/** A tensor that is carried through a loop has the same type in every iteration. */
function keepType<V>(site: Site<V, ast.For>, name: string, before: TensorValue<V>): void {
  const { cx, frame, node: s } = site;
  const { names } = frame.scope;
  const now = names.get(name);
  if (!now || now === before) return;
  if (now.kind === 'poison') {
    names.set(name, before);
    return;
  }
  const [was, is] = [before.type, now.kind === 'tensor' ? now.type : undefined];
  const kept =
    is?.dtype === was.dtype &&
    is.shape.length === was.shape.length &&
    is.shape.every((d: dim.Dim, i: number) => same(cx.sizes, d, was.shape[i]!));
  if (kept) return;
  const at = lastTarget(s.body, name) ?? s;
  const after = is ? showTensor(cx, is) : 'something that is no tensor';
  site
    .at(at)
    .fail(
      'N307',
      `\`${name}\` changes its type in the loop: ${showTensor(cx, was)} at first, ${after} after one turn`,
      {
        expected: showTensor(cx, was),
        found: after,
        hint: 'give the changed value a name of its own, or bring it back to its type before the turn ends',
      },
    );
  names.set(name, before);
}

function lastTarget(body: ast.Statements, name: string): ast.Word | undefined {
  let found: ast.Word | undefined;
  const left = [body];
  for (let next = left.pop(); next; next = left.pop()) {
    for (const s of next.body) {
      if (s.kind === 'Assign') found = s.targets.find((t) => t.name.text === name)?.name ?? found;
      if (s.kind === 'For') left.push(s.body);
      if (s.kind === 'Choose') append(left, s.else ? [s.then, s.else] : [s.then]);
    }
  }
  return found;
}
