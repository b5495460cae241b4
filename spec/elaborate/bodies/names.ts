/** Resolves names outwards from where they stand, to the prelude and the built-ins. */

import type * as ast from '../../ast.ts';
import * as dim from '../../dim.ts';
import { didYouMean } from '../../nearest.ts';
import { own } from '../../own.ts';
import { type Located, position, type Span, textOf } from '../../source.ts';
import { dtypes } from '../../type.ts';
import { builtinNames, isBuiltin } from '../builtins/builtins.ts';
import { noteName, ofOneToken, type Site } from '../values/context.ts';
import { inf, number } from '../values/number.ts';
import { positionsValue } from '../values/positions.ts';
import { lookup, namesInScope } from '../values/scope.ts';
import {
  type AbsentValue,
  type Assigned,
  type Declared,
  describeKind,
  type Poison,
  poison,
  type Scope,
  type Value,
} from '../values/value.ts';

/** A name where it is written. */
export interface Spelled extends Located {
  readonly text: string;
}

/** Names that the language reserves everywhere, including the sizes known only when running. */
export const reservedValues = ['B', 'T', 'P', 'S', 'positions', 'pi', 'inf'] as const;
export const isReservedValue = (name: string): boolean =>
  (reservedValues as readonly string[]).includes(name);

export function resolve<V>(site: Site<V, Spelled>): Value<V> {
  const { frame, node: name } = site;
  if (isReservedValue(name.text)) return reserved(site);
  const found = lookup(frame.scope, name.text);
  if (found && 'value' in found) {
    noteName(site, found.value, found.scope);
    return found.value.kind === 'absent' ? reportAbsent(site, found.value) : found.value;
  }
  if (found && found.scope.kind !== 'body') return reportLater(site, found.later);
  const standard = preludeValue(frame.scope, name.text);
  if (standard) return standard;
  if (found) return reportUnassigned(site, found.later);
  return site.fail('N201', `unknown name \`${name.text}\``, unknownHint(frame.scope, name.text));
}

/** The value of a name in the standard library or the language. */
export function preludeValue<V>(scope: Scope<V>, name: string): Value<V> | undefined {
  let outermost = scope;
  while (outermost.parent) outermost = outermost.parent;
  return outermost.names.get(name) ?? (isBuiltin(name) ? { kind: 'builtin', name } : undefined);
}

export const unknownHint = <V>(scope: Scope<V>, name: string): { readonly hint?: string } =>
  own(pythonHints, name)
    ? { hint: pythonHints[name]! }
    : didYouMean(name, [...namesInScope(scope), ...builtinNames, ...dtypes, ...reservedValues]);

/** A hint for an unknown block: the nearest block, or else the nearest name. */
export function unknownBlockHint<V>(scope: Scope<V>, name: string): { readonly hint?: string } {
  const near = didYouMean(name, ['Rotary', ...blocksInScope(scope)]);
  return near.hint ? near : unknownHint(scope, name);
}

function* blocksInScope<V>(scope: Scope<V>): Generator<string> {
  for (let at: Scope<V> | undefined = scope; at; at = at.parent) {
    for (const [name, value] of at.names) if (value.kind === 'block') yield name;
    for (const [name, { isBlock }] of at.declared) if (isBlock) yield name;
  }
}

/** Hints for names that users of PyTorch type. */
const pythonHints: Readonly<Record<string, string>> = {
  True: 'write `true`',
  False: 'write `false`',
  None: 'write `none`',
  self: 'members are named directly: `weight`, not `self.weight`',
  torch: 'operations are called directly: `softmax(x)`',
  nn: 'modules are named directly: `Linear(inputs, outputs)`',
  F: 'operations are called directly: `softmax(x)`',
};

/** Hints for methods of PyTorch tensors. */
const torchMethods: Readonly<Record<string, string>> = {
  view: 'write `x as [B, T, heads, head]`',
  reshape: 'write `x as [B, T, heads, head]`',
  float: 'write `float32(x)`',
  shape: 'sizes are named: say `dim`, not where it stands',
  size: 'sizes are named: say `dim`, not where it stands',
  transpose: 'attention takes [B, T, heads, head]: nothing needs transposing',
};

function reserved<V>(site: Site<V, Spelled>): Value<V> {
  const { cx, frame } = site;
  const { text } = site.node;
  switch (text) {
    case 'pi':
      return number(Math.PI);
    case 'inf':
      return inf;
    case 'positions':
      if (frame.stepping) return ofOneToken(site, '`positions`');
      return cx.positions ?? positionsValue(site);
    default:
      return { kind: 'size', dim: dim.atom(text) };
  }
}

export const lineOf = ({ source, start }: Span): number => position(source, start).line;

function reportLater<V>(site: Site<V, Spelled>, { span, what }: Declared) {
  const { node: name } = site;
  const message = `\`${name.text}\`, ${what}, is used above its declaration`;
  return site.fail('N214', message, {
    hint: `move the declaration up (line ${lineOf(span)})`,
    related: [{ message: `\`${name.text}\` is declared here`, span }],
  });
}

function reportUnassigned<V>(site: Site<V, Spelled>, later: Declared | Assigned) {
  const { node: name } = site;
  const { kind, conditions = [] } = 'kind' in later ? later : {};
  if (kind === 'loop') {
    return site.fail('N206', `\`${name.text}\` ends with its loop (line ${lineOf(later.span)})`, {
      hint: 'assign it to a name of its own in the loop',
    });
  }
  const tests = conditions.filter((c) => c.of === 'if');
  const wheres = (tests.length > 0 ? tests : conditions).map((c) => c.text).join(' and ');
  const reached =
    tests.length < conditions.length && tests.length > 0 ? 'no turn' : 'nothing on the way here';
  const message =
    conditions.length > 0
      ? `\`${name.text}\` is assigned only where ${wheres}, which ${reached} reached`
      : `\`${name.text}\` is used before it is assigned (line ${lineOf(later.span)})`;
  return site.fail('N206', message, {
    related: [{ message: `\`${name.text}\` is assigned here`, span: later.span }],
    ...(conditions.length > 0
      ? { hint: `give \`${name.text}\` a value on every way, or check the condition` }
      : {}),
  });
}

function reportAbsent<V>(site: Site<V, Spelled>, { test, wanted }: AbsentValue): Poison {
  const { frame, node: name } = site;
  const condition = wanted ? `\`${textOf(test.span)}\`` : `not \`${textOf(test.span)}\``;
  const who = frame.label === '' ? 'the model' : frame.label;
  const where = `${condition} (line ${lineOf(test.span)}), which does not hold in ${who}`;
  return site.fail('N208', `\`${name.text}\` exists only where ${where}`, {
    related: [{ message: 'the condition', span: test.span }],
    hint: `use it under the same condition: if ${wanted ? '' : 'not '}${textOf(test.span)} { ... }`,
  });
}

/** `object.name`: down through dotted members, modules and includes. */
export function select<V>(site: Site<V, ast.Word>, object: Value<V>): Value<V> {
  const { node: name } = site;
  if (object.kind === 'poison') return poison;
  const below =
    object.kind === 'module' || object.kind === 'include'
      ? object.scope
      : object.kind === 'namespace'
        ? object
        : undefined;
  if (!below) {
    const message = `${describeKind(object)} has no \`.${name.text}\``;
    const hint =
      object.kind === 'entries'
        ? `take one of them first: ${object.label}[i].${name.text}`
        : own(torchMethods, name.text);
    return site.fail('N314', message, hint === undefined ? {} : { hint });
  }
  const found = below.names.get(name.text);
  if (found) return found.kind === 'absent' ? reportAbsent(site, found) : found;
  const owner = object.kind === 'include' ? object.name : 'label' in object ? object.label : '';
  return site.fail('N201', `\`${owner}\` has no \`${name.text}\``, didYouMean(name.text, below.names.keys()));
}
