/** Resolves names outwards from where they stand, to the prelude and the built-ins. */

import type * as ast from '../../ast.ts';
import * as dim from '../../dim.ts';
import { didYouMean } from '../../nearest.ts';
import { own } from '../../own.ts';
import { position, type Span, textOf } from '../../source.ts';
import { dtypes } from '../../type.ts';
import { builtinNames, isBuiltin } from '../builtins/builtins.ts';
import { type Context, type Frame, fail, ofOneToken } from '../values/context.ts';
import { inf, number } from '../values/number.ts';
import { positionsValue } from '../values/positions.ts';
import { lookup, namesInScope } from '../values/scope.ts';
import {
  type AbsentValue,
  type Declared,
  describeKind,
  poison,
  type Scope,
  type Value,
} from '../values/value.ts';

interface Spelled {
  readonly text: string;
  readonly span: Span;
}

/** Names that the language reserves everywhere, including the sizes known only when running. */
export const reservedValues = ['B', 'T', 'P', 'S', 'positions', 'pi', 'inf'] as const;
export const isReservedValue = (name: string): boolean =>
  (reservedValues as readonly string[]).includes(name);

export function resolve<V>(cx: Context<V>, frame: Frame<V>, name: Spelled): Value<V> {
  if (isReservedValue(name.text)) return reserved(cx, frame, name);
  const found = lookup(frame.scope, name.text);
  if (found && 'value' in found) {
    return found.value.kind === 'absent' ? reportAbsent(cx, frame, name, found.value) : found.value;
  }
  if (found && found.scope.kind !== 'body') return reportLater(cx, frame, name, found.later);
  const standard = preludeValue(frame.scope, name.text);
  if (standard) return standard;
  if (found) return reportUnassigned(cx, frame, name, found.later);
  return fail(cx, frame, name, 'N201', `unknown name \`${name.text}\``, unknownHint(frame.scope, name.text));
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
    for (const [name, { what }] of at.declared) if (what.startsWith('a block')) yield name;
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

function reserved<V>(cx: Context<V>, frame: Frame<V>, { text, span }: Spelled): Value<V> {
  switch (text) {
    case 'pi':
      return number(Math.PI);
    case 'inf':
      return inf;
    case 'positions':
      if (frame.stepping) return ofOneToken(cx, frame, { span }, '`positions`');
      return cx.positions ?? positionsValue(cx, frame, { span });
    default:
      return { kind: 'size', dim: dim.atom(text) };
  }
}

export const lineOf = ({ source, start }: Span): number => position(source, start).line;

function reportLater<V>(cx: Context<V>, frame: Frame<V>, name: Spelled, { span, what }: Declared) {
  const message = `\`${name.text}\`, ${what}, is used above its declaration`;
  return fail(cx, frame, name, 'N214', message, {
    hint: `move the declaration up (line ${lineOf(span)})`,
    related: [{ message: `\`${name.text}\` is declared here`, span }],
  });
}

function reportUnassigned<V>(
  cx: Context<V>,
  frame: Frame<V>,
  name: Spelled,
  later: Declared & { readonly tests?: readonly string[] },
) {
  const tests = later.tests ?? [];
  if (later.what === 'a loop variable') {
    return fail(cx, frame, name, 'N206', `\`${name.text}\` ends with its loop (line ${lineOf(later.span)})`, {
      hint: 'assign it to a name of its own in the loop',
    });
  }
  const decisive = tests.filter((t) => !t.includes(' has entries ('));
  const wheres = (decisive.length > 0 ? decisive : tests).join(' and ');
  const reached =
    decisive.length < tests.length && decisive.length > 0 ? 'no turn' : 'nothing on the way here';
  const message =
    tests.length > 0
      ? `\`${name.text}\` is assigned only where ${wheres}, which ${reached} reached`
      : `\`${name.text}\` is used before it is assigned (line ${lineOf(later.span)})`;
  return fail(cx, frame, name, 'N206', message, {
    related: [{ message: `\`${name.text}\` is assigned here`, span: later.span }],
    ...(tests.length > 0
      ? { hint: `give \`${name.text}\` a value on every way, or check the condition` }
      : {}),
  });
}

function reportAbsent<V>(
  cx: Context<V>,
  frame: Frame<V>,
  name: Spelled,
  { test, wanted }: AbsentValue,
): { readonly kind: 'poison' } {
  const condition = wanted ? `\`${textOf(test.span)}\`` : `not \`${textOf(test.span)}\``;
  const who = frame.label === '' ? 'the model' : frame.label;
  const where = `${condition} (line ${lineOf(test.span)}), which does not hold in ${who}`;
  return fail(cx, frame, name, 'N208', `\`${name.text}\` exists only where ${where}`, {
    related: [{ message: 'the condition', span: test.span }],
    hint: `use it under the same condition: if ${wanted ? '' : 'not '}${textOf(test.span)} { ... }`,
  });
}

/** `object.name`: down through dotted members, modules and includes. */
export function select<V>(cx: Context<V>, frame: Frame<V>, object: Value<V>, name: ast.Word): Value<V> {
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
    return fail(cx, frame, name, 'N314', message, hint === undefined ? {} : { hint });
  }
  const found = below.names.get(name.text);
  if (found) return found.kind === 'absent' ? reportAbsent(cx, frame, name, found) : found;
  const owner = object.kind === 'include' ? object.name : 'label' in object ? object.label : '';
  return fail(
    cx,
    frame,
    name,
    'N201',
    `\`${owner}\` has no \`${name.text}\``,
    didYouMean(name.text, below.names.keys()),
  );
}
