/** Members of an instance: parameters, modules, lists of them, under dotted paths. */

import type * as ast from '../../ast.ts';
import { append } from '../../long_list.ts';
import type { ParamDecl } from '../../sink.ts';
import { textOf } from '../../source.ts';
import { children } from '../../walk.ts';
import { reportTaken, takeName } from '../bodies/declared.ts';
import { argumentsOf, decide, single } from '../bodies/evaluate.ts';
import { bindingSite, iterationsOf } from '../bodies/iterations.ts';
import { preludeValue, resolve, select, unknownBlockHint } from '../bodies/names.ts';
import { makeRotary } from '../builtins/rotary.ts';
import { type Site, step } from '../values/context.ts';
import type { Frame, Invocation } from '../values/frame.ts';
import type { MemberPlace, Owner } from '../values/place.ts';
import { lookup } from '../values/scope.ts';
import { wholeNumber, writtenType } from '../values/shapes.ts';
import { isRunning, numberOf, showSizes } from '../values/sizes.ts';
import { describeKind, type NamespaceValue, poison, type Value } from '../values/value.ts';
import { madeAlike } from './alike.ts';
import { declareParam } from './params.ts';

export function declareMember<V>(site: Site<V, ast.Member>, owner: Owner): void {
  const { node } = site;
  const target = spaceFor(site);
  if (!target) return;
  const last = node.path.words.at(-1)!;
  const value = memberValue(site, placeOf(site, owner));
  target.set(last.text, value);
}

/** The namespace that the last word of a member's path is declared in; undefined after a report. */
function spaceFor<V>(site: Site<V, ast.Member>): Map<string, Value<V>> | undefined {
  const { frame, node } = site;
  const { words } = node.path;
  let space = frame.scope.names;
  for (const [i, word] of words.entries()) {
    const known = space.get(word.text);
    if (i === 0 && (!known || known.kind === 'absent') && !takeName(site.at(word), frame.scope)) {
      space.set(word.text, poison);
      return undefined;
    }
    const last = i === words.length - 1;
    if (known?.kind === 'poison') return undefined;
    if (known && known.kind !== 'absent' && (last || known.kind !== 'namespace')) {
      const first = frame.scope.declared.get(words[0]!.text);
      const span = first?.span ?? word.span;
      reportTaken(site.at(word), {
        span,
        what: words.length > 1 ? describeKind(known) : (first?.what ?? 'a member'),
      });
      return undefined;
    }
    if (!last) space = namespaceIn(space, word.text, words.slice(0, i + 1)).names;
  }
  return space;
}

function namespaceIn<V>(
  space: Map<string, Value<V>>,
  name: string,
  words: readonly ast.Word[],
): NamespaceValue<V> {
  const known = space.get(name);
  if (known?.kind === 'namespace') return known;
  const made: NamespaceValue<V> = {
    kind: 'namespace',
    label: words.map((w) => w.text).join('.'),
    names: new Map(),
  };
  space.set(name, made);
  return made;
}

/** Declares the names of an arm that was not taken. */
export function declareAbsent<V>(
  frame: Frame<V>,
  items: readonly ast.Item[],
  test: ast.Expr,
  wanted: boolean,
): void {
  const left = [...items];
  for (let item = left.pop(); item; item = left.pop()) {
    if (item.kind === 'Branch') append(left, [...item.then, ...(item.else ?? [])]);
    if (item.kind === 'Constant' || item.kind === 'Function') put(frame.scope.names, item.name, test, wanted);
    if (item.kind !== 'Member') continue;
    const { words } = item.path;
    let space: Map<string, Value<V>> | undefined = frame.scope.names;
    for (const [i, word] of words.slice(0, -1).entries()) {
      const known: Value<V> | undefined = space?.get(word.text);
      space =
        !known || known.kind === 'namespace'
          ? space && namespaceIn(space, word.text, words.slice(0, i + 1)).names
          : undefined;
    }
    if (space) put(space, words.at(-1)!, test, wanted);
  }
}

function put<V>(space: Map<string, Value<V>>, { text }: ast.Word, test: ast.Expr, wanted: boolean): void {
  if (!space.has(text)) space.set(text, { kind: 'absent', name: text, test, wanted });
}

function placeOf<V>(site: Site<V, ast.Member>, owner: Owner): MemberPlace {
  const { node } = site;
  const words = node.path.words.map((w) => w.text);
  const below = (base: string, name: string): string => (base === '' ? name : `${base}.${name}`);
  const path = below(owner.path, words.join('.'));
  const named = [...words.slice(0, -1), node.from?.value ?? words.at(-1)!].join('.');
  const filled = node.default ? defaultOf(site.at(node.default)) : owner.default;
  return {
    path,
    label: below(owner.label, words.join('.')),
    key: below(owner.key, named),
    span: node.path.span,
    ...(filled === undefined ? {} : { default: filled }),
  };
}

function defaultOf<V>(site: Site<V, ast.Expr>): number | undefined {
  const value = single(site);
  if (value.kind === 'number') return value.value;
  if (value.kind === 'poison') return undefined;
  site.fail('N314', `a default is a number that fills the tensor, found ${describeKind(value)}`);
  return undefined;
}

function memberValue<V>(site: Site<V, ast.Member>, place: MemberPlace): Value<V> {
  const { node } = site;
  if (!node.indices) return one(site, place);
  if (node.indices.kind === 'Comprehend') return picked(site, node.indices, place);
  const said = single(site.at(node.indices));
  const n = wholeNumber(site.at(node.indices), said, 'the number of entries');
  if (n === undefined) return poison;
  if (n < 0) return site.at(node.indices).fail('N318', `the number of entries is ${n}`);
  step(site.at(node.indices), n);
  const places = Array.from({ length: n }, (_, i) => entry(place, i));
  const entries = new Map(madeAlike(site, places, (at) => one(site, at)).entries());
  const length = said.kind === 'number' && said.dim ? { length: said.dim } : {};
  return { kind: 'entries', label: place.label, entries, alike: true, ...length };
}

const entry = (place: MemberPlace, i: number): MemberPlace => ({
  ...place,
  path: `${place.path}.${i}`,
  label: `${place.label}[${i}]`,
  key: `${place.key}.${i}`,
});

/** `h[i in list if test]`: the list's numbers are the keys. */
function picked<V>(
  site: Site<V, ast.Member>,
  { name, over, when }: ast.Comprehend,
  place: MemberPlace,
): Value<V> {
  const { node } = site;
  const iterations = iterationsOf(site.at(over));
  const inner = bindingSite(site, [name]);
  if (!iterations || !inner) return poison;
  const alike = !mentions(node.type, name.text) && !(node.default && mentions(node.default, name.text));
  const entries = new Map<number, Value<V>>();
  const keys = new Set<number>();
  for (const { value } of iterations) {
    inner.frame.scope.names.set(name.text, value);
    const i = wholeNumber(site.at(over), value, 'the key of an entry');
    const kept = when ? decide(inner.at(when)) : true;
    if (i === undefined || kept === undefined) return poison;
    if (i < 0 || keys.has(i)) {
      const why = i < 0 ? 'is negative' : 'is there twice';
      return site.at(over).fail('N318', `the key ${i} of \`${place.label}\` ${why}`);
    }
    if (!kept) continue;
    keys.add(i);
    if (!alike) entries.set(i, one(inner.at(node), entry(place, i)));
  }
  if (alike) {
    const places = [...keys].map((i) => entry(place, i));
    const made = madeAlike(site, places, (at) => one(inner.at(node), at));
    for (const [i, key] of [...keys].entries()) entries.set(key, made[i]!);
  }
  return { kind: 'entries', label: place.label, entries, alike, ...(when ? { when } : {}) };
}

const mentions = (node: ast.AnyNode, name: string): boolean =>
  (node.kind === 'Name' && node.text === name) || children(node).some((child) => mentions(child, name));

function one<V>(site: Site<V, ast.Member>, place: MemberPlace): Value<V> {
  const { node } = site;
  return node.type.kind === 'Type'
    ? parameter(site.at(node.type), place)
    : construct(site.at(node.type), place);
}

function parameter<V>(site: Site<V, ast.Type>, place: MemberPlace): Value<V> {
  const { cx, frame, node } = site;
  const written = writtenType(site);
  if (!written) return poison;
  const { type, open } = written;
  const running = type.shape.find(isRunning);
  if (open || running) {
    return site.fail('N311', `the shape of a parameter is known when compiling, found ${textOf(node.span)}`, {
      hint: 'B, T and P are sizes of what runs through the model, not of its weights',
    });
  }
  const shape = type.shape.map((d) => numberOf(cx.sizes, d) ?? Number.NaN);
  const decl: ParamDecl = {
    path: place.path,
    key: place.key,
    shape,
    shapeText: showSizes(cx.sizes, type.shape),
    dtype: type.dtype,
    span: site.at(place).shownAt,
    ...(place.default === undefined ? {} : { default: place.default }),
  };
  declareParam(site, decl);
  return { kind: 'param', decl, type, scope: frame.path };
}

function construct<V>(site: Site<V, ast.Construct>, place: MemberPlace): Value<V> {
  const { cx, node } = site;
  const args = argumentsOf(site);
  const name = textOf(node.path.span);
  const made = calledBlock(site.at(node.path));
  const by: Invocation<V> = { span: node.span, args, name };
  if (made.kind === 'poison') return poison;
  if (made.kind === 'block') return cx.instantiate(site.at(by), made, place);
  if (made.kind === 'builtin' && made.name === 'Rotary') {
    if (args.some((a) => a.value.kind === 'poison')) return poison;
    return makeRotary(site.at(by), place);
  }
  return site.at(node.path).fail('N209', `\`${name}\` is ${describeKind(made)}, not a block`, {
    hint: 'a member is a type, `weight: [n]`, or a block, `up: Linear(n, m)`; a constant is `name = value`',
  });
}

function calledBlock<V>(site: Site<V, ast.Path>): Value<V> {
  const { frame } = site;
  const { words } = site.node;
  const [first, ...more] = words;
  if (!first) return poison;
  const known = lookup(frame.scope, first.text) ?? preludeValue(frame.scope, first.text);
  if (!known && more.length === 0) {
    const hint = unknownBlockHint(frame.scope, first.text);
    return site.at(first).fail('N201', `unknown block \`${first.text}\``, hint);
  }
  return more.reduce((value, word) => select(site.at(word), value), resolve(site.at(first)));
}
